# Prints what packaging.tags would list on another machine: MAJOR MINOR glibc|musl LIBCMAJOR LIBCMINOR ARCH.
# TestTags holds the digests of its output, made with packaging 26.4.
import sys, platform, packaging.tags as T, packaging._manylinux as M, packaging._musllinux as U
major,minor,libc,lmaj,lmin,arch=sys.argv[1:7]
v=(int(major),int(minor)); l=(int(lmaj),int(lmin))
M._get_glibc_version=lambda: M._GLibCVersion(*l) if libc=="glibc" else M._GLibCVersion(-1,-1)
M._have_compatible_abi=lambda e,a: libc=="glibc"
M._is_compatible=lambda *a: True
U._get_musl_version=lambda e: U._MuslVersion(*l) if libc=="musl" else None
abi="cp%d%d"%v+("m" if v<(3,8) else "")
def plats():
    if libc=="glibc": yield from M.platform_tags([arch])
    else: yield from U.platform_tags([arch])
    yield "linux_"+arch
p=list(plats())
for t in T.cpython_tags(v,[abi],p): print(t)
for t in T.compatible_tags(v,"cp%d%d"%v,p): print(t)
