from django.test import TestCase, override_settings

from .models import Note

PLAIN_STATIC = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


@override_settings(STORAGES=PLAIN_STATIC)
class IndexTest(TestCase):
    def test_english(self):
        self.assertContains(self.client.get("/"), "<h1>Notes</h1>")


class NotesTest(TestCase):
    def test_newest_first(self):
        for text in ("one", "two"):
            Note.objects.create(text=text)
        notes = self.client.get("/notes/").json()["notes"]
        self.assertEqual([n["text"] for n in notes], ["two", "one"])

    def test_health(self):
        self.assertEqual(self.client.get("/health/").json(), {"status": "ok"})
