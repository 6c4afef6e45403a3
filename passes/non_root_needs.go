package passes

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/argv"
	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// rootPackages are packages of Debian and Alpine whose programs start as root,
// change users or talk to devices, by their descriptions there.
var rootPackages = strings.Fields(`sudo gosu su-exec doas supervisor nginx nginx-light nginx-full nginx-extras apache2 lighttpd
	cron dcron cronie busybox-suid openssh-server dropbear rsyslog syslog-ng dnsmasq iptables nftables ipset tcpdump
	tshark wireshark arp-scan aircrack-ng hostapd openvpn wireguard wireguard-tools strongswan fuse fuse3 fuse-dev fuse3-dev libfuse-dev libfuse3-dev nfs-common nfs-utils cifs-utils
	bluez bluetooth i2c-tools wiringpi pigpio docker docker.io docker-ce docker-ce-cli docker-cli containerd systemd runit
	s6 s6-overlay monit postfix exim4 dovecot vsftpd proftpd samba isc-dhcp-server bind9 udev usbutils ntp chrony`)

// rootModules are distributions and modules of Python that talk to devices, to
// Docker's socket or to raw sockets, by their documentation.
var rootModules = strings.Fields(`RPi gpiozero smbus smbus2 spidev pigpio serial bluepy bluetooth bleak evdev usb scapy netfilterqueue
	pyroute2 iptc docker pyudev wiringpi adafruit_blinka board busio picamera cups pcap pcapy pypcap dpkt ping3 icmplib jupyter
	jupyterlab notebook supervisor`)

// instructions looks for what rules a user out in the Dockerfile alone.
func (n *nonRooter) instructions() *hold {
	for _, in := range n.seq {
		cmd, err := in.Command()
		if err != nil {
			return holdf(in, "unknown-path", "the instruction cannot be read")
		}
		var h *hold
		switch c := cmd.(type) {
		case *instructions.OnbuildCommand:
			h = holdf(in, "onbuild", "ONBUILD makes the image a base for others, whose steps run as its user")
		case *instructions.VolumeCommand:
			h = holdf(in, "volume", "volumes that older containers made are root's, and would not be writable any more")
		case *instructions.ShellCommand:
			if !posixShell(c.Shell) {
				h = holdf(in, "unknown-base", "SHELL is not a POSIX shell")
			}
		case *instructions.ExposeCommand:
			h = n.expose(in, c.Ports)
		case *instructions.RunCommand:
			h = n.step(in)
		case *instructions.CopyCommand, *instructions.AddCommand:
			if c, _ := copyingOf(in); c.chown != "" && !namesRoot(c.chown) && !n.as.is(c.chown) {
				h = holdf(in, "user-exists", "the files are given to %s here", c.chown)
			}
		}
		if h == nil {
			h = n.rootHome(in)
		}
		if h != nil {
			return h
		}
	}
	return nil
}

func (n *nonRooter) expose(in *transform.Instruction, ports []string) *hold {
	for _, p := range ports {
		p, _ = n.f.State(in).Expand(p)
		p, _, _ = strings.Cut(p, "/")
		p, _, _ = strings.Cut(p, "-")
		p = p[strings.LastIndexByte(p, ':')+1:]
		if isLow(p) {
			return holdf(in, "low-port", "only root may open port %s in some container runtimes, Kubernetes' among them", p)
		}
	}
	return nil
}

// isLow reports a port number under 1024.
func isLow(port string) bool {
	i, err := strconv.Atoi(port)
	return err == nil && i > 0 && i < 1024
}

// step looks at one RUN: users that it makes, packages that need root.
func (n *nonRooter) step(in *transform.Instruction) *hold {
	for _, c := range shell.Of(n.f, in).Commands() {
		call, ok := argv.Of(c)
		if !ok {
			continue
		}
		if n.makesMore(&call) {
			return holdf(in, "user-exists", "the step makes a user of its own with %s: what it is for is not known", call.Name)
		}
		switch call.Name {
		case "chown":
			if h := n.givesAway(in, &call); h != nil {
				return h
			}
		case "chmod":
			if h := n.hides(in, &call); h != nil {
				return h
			}
		}
		if h := needsPackage(in, c); h != nil {
			return h
		}
	}
	return nil
}

// givesAway reports a chown to somebody else than root and the user to be.
func (n *nonRooter) givesAway(in *transform.Instruction, call *argv.Call) *hold {
	for _, w := range call.Words {
		if strings.HasPrefix(w.Text, "-") {
			continue
		}
		to, _ := n.f.State(in).Expand(w.Text)
		if !namesRoot(to) && !n.as.is(to) && !strings.HasPrefix(w.Text, ":") {
			return holdf(in, "user-exists", "files are given to %s here: another user is in play", w.Text)
		}
		break
	}
	return nil
}

// hides reports a chmod that keeps what stays root's from others.
func (n *nonRooter) hides(in *transform.Instruction, call *argv.Call) *hold {
	var operands []shell.Word
	for _, w := range call.Words {
		if !strings.HasPrefix(w.Text, "-") || len(w.Text) > 2 && strings.Trim(w.Text[1:], "rwxX") == "" {
			operands = append(operands, w)
		}
	}
	if len(operands) < 2 || worldReadable(operands[0].Text) || operands[0].Text[0] == '-' {
		return nil
	}
	mode := operands[0].Text
	if strings.Trim(mode, "01234567") != "" && !strings.HasPrefix(mode, "u") && !strings.HasPrefix(mode, "o-") && !strings.HasPrefix(mode, "go") {
		return nil
	}
	if strings.HasPrefix(mode, "u") && !strings.Contains(mode, "x") {
		return nil
	}
	for _, w := range operands[1:] {
		p, ok := n.inDir(in, "", w)
		if strings.HasPrefix(p, "/etc/cron") || strings.HasPrefix(p, "/usr/local/bin/pip") || ok && n.copiedToApp(p) {
			continue
		}
		return holdf(in, "owner-only-mode", "mode %s keeps %s from everybody but root", mode, w.Text)
	}
	return nil
}

// copiedToApp reports whether a path lies in the working directory or below a
// directory that a COPY makes, so that it becomes the user's.
func (n *nonRooter) copiedToApp(p string) bool {
	if n.files == nil {
		o := &fileOwner{n: n, made: map[string]bool{}}
		if o.findDirs() != nil {
			return false
		}
		return o.owned(p)
	}
	return n.files.owned(p)
}

// needsPackage reports an installed package that only root can use.
func needsPackage(in *transform.Instruction, c *shell.Command) *hold {
	var names []shell.Word
	if apt, ok := argv.Apt(c); ok {
		names = apt.Operands
	} else if apk, ok := argv.Apk(c); ok {
		names = apk.Operands
	} else if pip, ok := argv.Pip(c); ok {
		for _, w := range pip.Operands {
			if name := distribution(w.Text); slices.ContainsFunc(rootModules, func(m string) bool { return strings.EqualFold(m, name) }) {
				return holdf(in, "needs-root", "%s needs a device, a socket or a right that root has", name)
			}
		}
		return nil
	}
	for _, w := range names {
		name, _, _ := strings.Cut(w.Text, "=")
		if slices.Contains(rootPackages, name) {
			return holdf(in, "needs-root", "%s is installed, which needs root", name)
		}
	}
	return nil
}

// distribution is the name in a requirement, in the first part that modules
// share with it: "RPi" of RPi.GPIO.
func distribution(req string) string {
	i := strings.IndexAny(req, "=<>!~[;. ")
	if i < 0 {
		return req
	}
	return req[:i]
}

// rootHome reports an instruction that uses root's home directory otherwise
// than for a cache that is thrown away.
func (n *nonRooter) rootHome(in *transform.Instruction) *hold {
	text := n.f.Text(in.Body)
	switch in.Keyword {
	case "run":
		if h := n.homeTool(in, text, ""); h != nil {
			return h
		}
		if h := n.homeCode(in); h != nil {
			return h
		}
		if h := n.settings(in, text); h != nil {
			return h
		}
		if h := n.fetchedPython(in); h != nil {
			return h
		}
		if !namesHome(text) {
			return nil
		}
		s := shell.Of(n.f, in)
		if s.Form != shell.Opaque && !usesHome(s) {
			return nil
		}
	case "env", "copy", "add", "workdir", "cmd", "entrypoint", "healthcheck", "arg":
		if !namesHome(text) {
			return nil
		}
	default:
		return nil
	}
	return holdf(in, "data-under-root", "root's home is used here, which another user cannot enter")
}

var homeName = lazyregexp.New(`(^|[\s"'=:,(])(/root(/|\b)|~(/|[\s"']|$)|\$\{?HOME\b)`, "/root", "~", "$HOME", "${HOME")

func namesHome(text string) bool {
	return homeName.MatchString(text)
}

// usesHome reports whether a step does more with root's home than to remove
// what is in it.
func usesHome(s *shell.Script) bool {
	for _, c := range s.Commands() {
		if name := c.Name(); name == "rm" {
			continue
		}
		for _, w := range c.Words {
			if namesHome(w.Raw) {
				return true
			}
		}
		for _, a := range c.Assigns {
			if namesHome(a.Value.Raw) {
				return true
			}
		}
		for _, r := range c.Redirs {
			if namesHome(r.Target.Raw) {
				return true
			}
		}
	}
	return false
}

// searchPaths are variables that name places to read from.
var searchPaths = strings.Fields("PATH PYTHONPATH LD_LIBRARY_PATH LIBRARY_PATH CPATH CLASSPATH NODE_PATH GOPATH JAVA_HOME MANPATH")

// places looks at the environment: ports and paths that are not the user's.
func (n *nonRooter) places() *hold {
	for _, in := range n.seq {
		cmd, _ := in.Command()
		env, ok := cmd.(*instructions.EnvCommand)
		if !ok {
			continue
		}
		for _, kv := range env.Env {
			value, _ := n.f.State(in).Expand(kv.Value)
			upper := strings.ToUpper(kv.Key)
			if strings.Contains(upper, "PORT") && isLow(value) {
				return holdf(in, "low-port", "%s is %s: only root may open that port in some container runtimes", kv.Key, value)
			}
			if routeLike(upper) || slices.Contains(searchPaths, upper) || upper == "DISPLAY" { // “:99” is no port there
				continue
			}
			h := n.words(in, strings.Fields(value))
			if strings.HasPrefix(upper, "GUNICORN_") {
				h = (&startReader{n: n, at: in}).server("gunicorn", strings.Fields(value))
			}
			if h != nil {
				return h
			}
		}
	}
	return nil
}

// routeLike reports a variable that holds a part of a URL rather than a path.
func routeLike(key string) bool {
	for _, word := range []string{"URL", "URI", "PREFIX", "ROUTE", "ENDPOINT", "ROOT_PATH", "BASE_PATH", "SCRIPT_NAME", "HEALTH"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// reaches reports whether the user can do with a path what the application may
// want to: anything where it is the user's, or reading where nobody writes.
func (n *nonRooter) reaches(p string) bool {
	p = path.Clean(p)
	if p == "/" || n.files.owned(p) || within(p, "/tmp") || within(p, "/var/tmp") {
		return true
	}
	if within(p, "/dev") {
		return slices.Contains(strings.Fields("/dev/null /dev/zero /dev/stdin /dev/stdout /dev/stderr /dev/shm /dev/urandom /dev/random /dev/tty"), p)
	}
	for _, dir := range []string{"/etc/letsencrypt", "/etc/ssl/private"} { // mode 700 or 710, by certbot and Debian
		if within(p, dir) {
			return false
		}
	}
	for _, dir := range []string{"/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/opt/venv", "/venv", "/run/secrets", "/proc/self"} {
		if within(p, dir) {
			return true
		}
	}
	_, copied := contextFile(n.image, n.s, p)
	return copied
}
