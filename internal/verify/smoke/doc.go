// Package smoke runs what was built: it imports the application's modules, has
// gunicorn check its configuration, starts the image's command and asks its
// ports, runs the user's own command, and measures a workload. What two images
// did is then compared.
//
// Everything runs in containers of the builder, as the declared user.
package smoke
