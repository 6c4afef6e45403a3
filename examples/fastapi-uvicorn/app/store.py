from typing import Dict, List, Optional

from .models import Task, TaskIn, TaskPatch


class Store:
    """Tasks in memory, most urgent first."""

    def __init__(self) -> None:
        self._tasks: Dict[int, Task] = {}
        self._next_id = 1

    def all(self) -> List[Task]:
        return sorted(self._tasks.values(), key=lambda t: (t.done, t.priority, t.id))

    def add(self, new: TaskIn) -> Task:
        task = Task(id=self._next_id, **new.model_dump())
        self._tasks[task.id] = task
        self._next_id += 1
        return task

    def patch(self, task_id: int, change: TaskPatch) -> Optional[Task]:
        task = self._tasks.get(task_id)
        if task is None:
            return None
        task = task.model_copy(update=change.model_dump(exclude_none=True))
        self._tasks[task_id] = task
        return task
