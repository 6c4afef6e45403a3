from typing import Optional

from pydantic import BaseModel, Field


class TaskIn(BaseModel):
    title: str = Field(min_length=1, max_length=100)
    priority: int = Field(default=3, ge=1, le=5)


class Task(TaskIn):
    id: int
    done: bool = False


class TaskPatch(BaseModel):
    done: Optional[bool] = None
    priority: Optional[int] = Field(default=None, ge=1, le=5)
