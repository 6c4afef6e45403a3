package facts

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed data/*.tsv
var dataFS embed.FS

// readTable calls yield with the columns of every row of a data file. It panics on a row with the
// wrong number of columns, where columns is not 0: the files are part of this program, and a test reads them all.
func readTable(name string, columns int, yield func([]string)) {
	text, err := dataFS.ReadFile("data/" + name)
	if err != nil {
		panic(fmt.Sprintf("facts: %v", err))
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		row := strings.Split(line, "\t")
		if columns != 0 && len(row) != columns {
			panic(fmt.Sprintf("facts: %s: %d columns, want %d: %s", name, len(row), columns, line))
		}
		yield(row)
	}
}

// Suites lists the Debian releases that the package tables know, oldest first.
func Suites() []string { return append([]string(nil), suites...) }

var suites = []string{"bullseye", "bookworm", "trixie"}

// suiteLetters stand for the suites in slim.tsv, lacks.tsv and has.tsv.
const suiteLetters = "lbt"

func suiteIndex(suite string) int {
	for i, s := range suites {
		if s == suite {
			return i
		}
	}
	return -1
}

// cell is a list of packages per suite, as the tables write it: one list for all, or three with
// " | " between; "-" is the empty list and "?" an unknown one.
type cell string

// in returns the packages of one suite. For buster and stretch it answers with bullseye's list if
// each name in it is known to have been the same there; for every other suite it does not know.
func (c cell) in(suite string) ([]string, bool) {
	i := suiteIndex(suite)
	old := suite == "buster" || suite == "stretch"
	if old {
		i = 0
	}
	if i < 0 {
		return nil, false
	}
	list := string(c)
	if parts := strings.Split(list, " | "); len(parts) == len(suites) {
		list = parts[i]
	}
	switch list {
	case "?", "":
		return nil, false
	case "-":
		return nil, true
	}
	packages := strings.Fields(list)
	if old {
		for _, p := range packages {
			if !sinceStretch[p] {
				return nil, false
			}
		}
	}
	return packages, true
}

// sinceStretch are packages whose names were the same from stretch to bullseye. Source: own
// knowledge of those releases, whose indexes have left the mirrors; library names are here only
// where the soname did not change.
var sinceStretch = func() map[string]bool {
	m := map[string]bool{}
	for _, p := range strings.Fields(`
		gcc g++ make libc6-dev cmake gfortran pkg-config swig autoconf automake libtool git ffmpeg
		graphviz ghostscript imagemagick poppler-utils tesseract-ocr pandoc default-jre-headless
		openssh-client procps xmlsec1 chromium chromium-driver
		libpq-dev libpq5 libxml2-dev libxml2 libxslt1-dev libxslt1.1 zlib1g-dev zlib1g libffi-dev
		libssl-dev libssl1.1 libjpeg-dev libjpeg62-turbo-dev libjpeg62-turbo libfreetype6-dev
		libfreetype6 libpng-dev libpng16-16 liblcms2-dev liblcms2-2 libtiff5 libwebp-dev
		libwebp6 libwebpdemux2 libopenjp2-7-dev libopenjp2-7 libxcb1 libyaml-dev
		libyaml-0-2 libsqlite3-dev libsqlite3-0 libldap2-dev libldap-2.4-2 libsasl2-dev libsasl2-2
		libkrb5-dev libkrb5-3 libgssapi-krb5-2 libk5crypto3 default-libmysqlclient-dev
		libgmp-dev libgmp10 libmpc3 libgeos-dev libgeos-c1v5 libcairo2-dev libcairo2 libpango-1.0-0
		libpangoft2-1.0-0 libglib2.0-dev libglib2.0-0 libmagic1 libsndfile1 libportaudio2
		portaudio19-dev libzmq3-dev libzmq5 libmemcached-dev libmemcached11 libbz2-dev libbz2-1.0
		liblzma-dev liblzma5 libexpat1-dev libexpat1 libpcre3-dev libpcre3 libcap-dev libcap2
		libxmlsec1-dev libxmlsec1 libxmlsec1-openssl freetds-dev libsybdb5 unixodbc-dev libodbc1
		libgomp1 libsnappy-dev libsnappy1v5 liblapack-dev liblapack3 libblas-dev libblas3
		libusb-1.0-0 libcurl4-openssl-dev librdkafka-dev librdkafka1 libdbus-1-dev libdbus-1-3
		libbluetooth-dev libbluetooth3 libsystemd-dev libsystemd0 libacl1-dev libacl1
		shared-mime-info libopenblas-dev`) {
		m[p] = true
	}
	return m
}()
