package buildctx

import "testing"

func TestPythonRoutes(t *testing.T) {
	tests := []struct{ src, places string }{
		{`@app.post("/upload")`, ""},
		{"    @self.app.route('/data/<id>', methods=['GET'])", ""},
		{"@ns.route('/upload', \"/uploads\")", ""},
		{"@app.get(\n    path=\"/upload\",\n)", ""},
		{`@routes.get(r"/data/{x}")`, ""},
		{`@get("/upload")`, ""},
		{`@app.get("/root")`, ""},
		{`@sio.on("message", namespace="/data")`, ""},
		{`app.add_url_rule("/upload", view_func=f)`, ""},
		{`routes = [Route("/upload", endpoint=f)]`, ""},
		{`app.router.add_post("/upload", f)`, ""},
		{`api.add_resource(Upload, "/upload")`, ""},
		{`router = APIRouter(prefix="/upload")`, ""},
		{`app.register_blueprint(b, url_prefix='/data')`, ""},
		{`r = client.post("/upload", files=f)`, ""},
		{`return redirect("/upload")`, ""},

		{`@click.option("--dir", default="/data")`, "/data"},
		{`@persist("/data/x")`, "/data/x"},
		{`@app.get("/x", response_class=F("/data"))`, "/data"},
		{`@app.get("/x"); f = open("/data/y")`, "/data/y"},
		{"@app.get('/upload')\ndef f():\n    open('/upload')", "/upload"},
		{`os.environ.get("DIR", "/data")`, "/data"},
		{`sftp.get("/remote", "/data")`, "/data"},
		{`client.get("/remote", "/data")`, "/data"},
		{`get("/data")`, "/data"},
		{`a @ get("/data")`, "/data"},
		{`path("/data")`, "/data"},
		{`app.mount("/x", StaticFiles(directory="/data/static"))`, "/data/static"},
	}
	for _, tt := range tests {
		u := pythonUses(t, "a.py", tt.src)
		if got := whats(u.Places); got != tt.places || len(u.Home) > 0 {
			t.Errorf("%s: places %q, home %q, want places %q", tt.src, got, whats(u.Home), tt.places)
		}
	}
	if got := whats(pythonUses(t, "app/urls.py", "urlpatterns = [path('/upload', v), re_path(r'/data/(.*)', v)]").Places); got != "" {
		t.Errorf("urls.py: places %q", got)
	}
}
