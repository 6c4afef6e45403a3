package passes

import (
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// user is who runs an instruction.
type user uint8

const (
	userUnknown user = iota
	userRoot
	userOther // named by USER, or a variable
)

// namesRoot reports root's name or number, with or without a group.
func namesRoot(user string) bool {
	name, _, _ := strings.Cut(user, ":")
	return name == "root" || name == "0"
}

// runsAsRoot is the same for the last USER, where none stands for the base's.
func runsAsRoot(user string) bool {
	return user == "" || strings.HasPrefix(user, ":") || namesRoot(user)
}

// rootImages are official images whose configuration names no user, so that
// their steps run as root, by their Dockerfiles in docker-library.
var rootImages = strings.Fields(`almalinux alpine amazoncorretto amazonlinux bash buildpack-deps busybox caddy centos
	clojure composer debian docker drupal eclipse-temurin elixir erlang fedora gcc ghost golang gradle haproxy haskell
	httpd hylang influxdb java jruby julia mariadb maven memcached mongo mysql nginx node openjdk oraclelinux perl php
	postgres pypy python r-base rabbitmq rails redis registry rockylinux ruby rust sapmachine swift tomcat traefik ubuntu
	wordpress`)

// rootImagesElsewhere are the same for images of others, by their Dockerfiles.
var rootImagesElsewhere = strings.Fields(`docker.io/continuumio/miniconda3 docker.io/continuumio/anaconda3
	docker.io/condaforge/mambaforge docker.io/condaforge/miniforge3 docker.io/nvidia/cuda docker.io/tensorflow/tensorflow
	docker.io/pytorch/pytorch docker.io/phusion/baseimage docker.io/tiangolo/uvicorn-gunicorn
	docker.io/tiangolo/uvicorn-gunicorn-fastapi docker.io/tiangolo/uwsgi-nginx docker.io/tiangolo/uwsgi-nginx-flask
	docker.io/amazon/aws-lambda-python public.ecr.aws/lambda/python ghcr.io/astral-sh/uv`)

// userFinder follows the users of a file's instructions in their order.
type userFinder struct {
	f     *transform.File
	ends  map[*transform.Stage]user
	stage *transform.Stage
	base  user // who runs where no USER was given
}

// at is who runs in. It must be asked for every instruction in turn, since a
// step that only root can do tells who ran it and what follows.
func (u *userFinder) at(in *transform.Instruction) user {
	if in.Stage != u.stage {
		u.enter(in.Stage)
	}
	st := u.f.State(in)
	if st == nil || st.UserAt == nil {
		if u.base == userUnknown && u.needsRoot(in) {
			u.base = userRoot
		}
		u.ends[in.Stage] = u.base
		return u.base
	}
	if namesRoot(st.User) {
		return userRoot
	}
	return userOther
}

// home reports whether root's home is /root for the instruction that at was last
// asked for: where a file becomes root on a base of which nothing is known, that may
// well set HOME for its own user, as images for notebooks and for OpenShift do.
func (u *userFinder) home(in *transform.Instruction) bool {
	home, _ := u.f.State(in).Env("HOME")
	return u.base == userRoot || home == "/root"
}

func (u *userFinder) enter(s *transform.Stage) {
	if u.ends == nil {
		u.ends = map[*transform.Stage]user{}
	}
	u.stage, u.base = s, userUnknown
	if s == nil {
		return
	}
	if s.Base.Stage != nil {
		u.base = u.ends[s.Base.Stage]
	} else if img, ok := baseImage(s); ok && (img.Official && slices.Contains(rootImages, img.Name) || slices.Contains(rootImagesElsewhere, img.Name)) {
		u.base = userRoot
	}
	u.ends[s] = u.base
}

// needsRoot reports a step that fails unless root runs it: it installs packages
// of the distribution, and nothing in it hides that this failed.
func (u *userFinder) needsRoot(in *transform.Instruction) bool {
	if in.Keyword != "run" {
		return false
	}
	s := shell.Of(u.f, in)
	for _, c := range s.Top() {
		if c.Op != "" && c.Op != "&&" || c.Negated {
			return false
		}
		if call, ok := argv.Of(c); ok && len(call.Wrappers) == 0 && call.Dir == "" {
			switch call.Name {
			case "apt-get", "apt", "apk", "yum", "dnf", "microdnf":
				return true
			}
		}
	}
	return false
}
