from django.db import DatabaseError
from django.http import JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .models import Note


@require_safe
def index(request):
    return render(request, "notes/index.html")


@require_safe
def health(request):
    return JsonResponse({"status": "ok"})


@require_safe
def notes(request):
    """The newest notes as JSON; 503 while there is no usable database."""
    try:
        rows = list(Note.objects.values("id", "text", "created")[:20])
    except DatabaseError:
        return JsonResponse({"error": "database unavailable"}, status=503)
    return JsonResponse({"notes": rows})
