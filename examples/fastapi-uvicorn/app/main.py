"""A to-do list over HTTP."""

from typing import Dict, List

from fastapi import FastAPI, HTTPException

from .models import Task, TaskIn, TaskPatch
from .store import Store

app = FastAPI(title="Tasks")
store = Store()


@app.get("/health")
async def health() -> Dict[str, str]:
    return {"status": "ok"}


@app.get("/tasks")
async def list_tasks() -> List[Task]:
    return store.all()


@app.post("/tasks", status_code=201)
async def add_task(new: TaskIn) -> Task:
    return store.add(new)


@app.patch("/tasks/{task_id}")
async def patch_task(task_id: int, change: TaskPatch) -> Task:
    task = store.patch(task_id, change)
    if task is None:
        raise HTTPException(status_code=404, detail="no such task")
    return task
