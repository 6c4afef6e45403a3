package argv

import "refit/internal/shell"

// UserCmd makes a user.
type UserCmd struct {
	Call
	Args           // Operands are the name and, for adduser, a group that the user is put into
	ByUseradd bool // and not by adduser, which makes a home directory unless it is told not to
}

// User reads useradd and adduser.
func User(c *shell.Command) (*UserCmd, bool) {
	call, ok := Of(c)
	if !ok || call.Python != "" {
		return nil, false
	}
	switch call.Name {
	case "useradd":
		return &UserCmd{Call: call, Args: read(&call, &useraddSyntax), ByUseradd: true}, true
	case "adduser":
		return &UserCmd{Call: call, Args: read(&call, &adduserSyntax)}, true
	}
	return nil, false
}

// useraddSyntax is by useradd(8) of shadow-utils 4.17. Its names for what adduser
// has too are those of adduser.
var useraddSyntax = syntax{abbreviate: true, options: []option{
	{"--home", "-d --home-dir", value}, {"--uid", "-u", value}, {"--gid", "-g", value}, {"--groups", "-G", value},
	{"--shell", "-s", value}, {"--system", "-r", nothing}, {"--create-home", "-m", nothing}, {"--no-create-home", "-M", nothing},
	{"--user-group", "-U", nothing}, {"--no-user-group", "-N", nothing}, {"--no-log-init", "-l", nothing}, {"--comment", "-c", value},
	{"--password", "-p", value}, {"--base-dir", "-b", value}, {"--skel", "-k", value}, {"--key", "-K", value},
	{"--expiredate", "-e", value}, {"--inactive", "-f", value}, {"--non-unique", "-o", nothing}, {"--defaults", "-D", nothing},
	{"--root", "-R", value}, {"--prefix", "-P", value}, {"--selinux-user", "-Z", value}, {"--badname", "", nothing},
}}

// adduserSyntax is by adduser(8) of Debian 12, and the short options by adduser of
// BusyBox 1.37.
var adduserSyntax = syntax{abbreviate: true, options: []option{
	{"--home", "-h", value}, {"--uid", "-u", value}, {"--gid", "", value}, {"--ingroup", "-G", value}, {"--shell", "-s", value},
	{"--system", "-S", nothing}, {"--disabled-password", "-D", nothing}, {"--disabled-login", "", nothing},
	{"--no-create-home", "-H", nothing}, {"--gecos", "-g", value}, {"--comment", "", value}, {"--group", "", nothing},
	{"--skel", "-k", value}, {"--quiet", "-q", nothing}, {"--debug", "", nothing}, {"--force-badname", "", nothing},
	{"--allow-badname", "", nothing}, {"--allow-bad-names", "", nothing}, {"--allow-all-names", "", nothing},
	{"--add_extra_groups", "--add-extra-groups", nothing}, {"--encrypt-home", "", nothing}, {"--conf", "", value},
	{"--firstuid", "", value}, {"--lastuid", "", value}, {"--firstgid", "", value}, {"--lastgid", "", value},
}}
