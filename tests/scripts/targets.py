#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What -o names, and what becomes of it: replaced as a whole where that can be, written in place
where it cannot, refused before anything is counted, and with the rights it had."""
import errno
import os
import resource
import shutil
import stat
import struct
import subprocess
import sys

PRELOAD = os.path.join(os.environ["MRCOUNT_BUILD"], "fault", "preload.so")
ROOT = os.geteuid() == 0
NOBODY = 65534
ACL = "system.posix_acl_access"
DEFAULT_ACL = "system.posix_acl_default"
COUNTED = {"few": b"a\t2\nb\t1\n"}
skipped = []


def check(condition, what):
    if not condition:
        sys.exit(f"failed: {what}")


def run(*arguments, status=0, said=b"", user=None, environment=None, limit=None, prefix=()):
    """Runs mrcount; what it says must contain `said`."""

    def become():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)

    done = subprocess.run([*prefix, "mrcount", *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          preexec_fn=become, env=dict(os.environ, **(environment or {})))
    what = " ".join(arguments)
    check(done.returncode == status, f"{what}: exit status {done.returncode}: {done.stderr}")
    check(said in done.stderr and bool(said) == bool(done.stderr), f"{what}: said {done.stderr}, not {said}")
    check(done.stdout == b"", f"{what}: printed {done.stdout[:100]}")


def content(name):
    with open(name, "rb") as file:
        return file.read()


def fresh(name, text=b"old\n"):
    if os.path.lexists(name):
        os.remove(name)
    with open(name, "wb") as file:
        file.write(text)


def acl(*entries):
    """The bytes of an access control list: version 2, then tag, rights and id of each entry."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NO_ID = 0xFFFFFFFF
FOR_ANOTHER = acl((1, 6, NO_ID), (2, 6, 34), (4, 4, NO_ID), (16, 6, NO_ID), (32, 0, NO_ID))


def attributes(name):
    st = os.stat(name)
    named = {key: os.getxattr(name, key) for key in os.listxattr(name)}
    return stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid, named


def old_files_keep_what_they_have():
    for mode in (0o600, 0o640, 0o644, 0o666, 0o400 if ROOT else 0o600, 0o755, 0o606):
        fresh("out")
        os.chmod("out", mode)
        before = attributes("out")
        run("-o", "out", "few")
        check(content("out") == COUNTED["few"] and attributes("out") == before, f"mode {mode:o}: {attributes('out')}")
    try:
        fresh("out")
        os.setxattr("out", "user.colour", b"blue" * 200)
        os.chmod("out", 0o640)
        os.setxattr("out", ACL, FOR_ANOTHER)
    except OSError as error:
        skipped.append(f"extended attributes ({error.strerror})")
        return
    before = attributes("out")
    run("-o", "out", "few")
    check(content("out") == COUNTED["few"] and attributes("out") == before, f"list of rights: {before} {attributes('out')}")
    # A folder's list of rights is for new files, not for old ones.
    os.mkdir("listed")
    os.setxattr("listed", DEFAULT_ACL, FOR_ANOTHER)
    for umask in (0o022, 0o077):
        os.umask(umask)
        for name in ("listed/made", "made"):
            run("-o", name, "few")
            fresh(name + ".wanted")
            check(attributes(name) == attributes(name + ".wanted"), f"a new {name}: {attributes(name)}")
            os.remove(name)
    os.umask(0o022)
    fresh("listed/out")
    os.removexattr("listed/out", ACL)
    os.chmod("listed/out", 0o640)
    before = attributes("listed/out")
    run("-o", "listed/out", "few")
    check(attributes("listed/out") == before, f"an old file there: {before} {attributes('listed/out')}")


def links_that_lead_nowhere():
    os.mkdir("far")
    for link, to in (("dangling", "new"), ("dangling2", "far/new"), ("far/dangling", "../new"), ("chain", "dangling2")):
        real = os.path.normpath(os.path.join(os.path.dirname(link), to))
        os.symlink(to, link)
        real = {"chain": "far/new"}.get(link, real)
        for limit, status in ((None, 0), (4, 2)):
            if os.path.exists(real):
                os.remove(real)
            run("-o", link, "few", limit=limit, status=status, said=b"File too large" if limit else b"")
            check(os.path.islink(link) and os.path.lexists(real) == (status == 0), f"{link}: {os.listdir('.')}")
            check(status != 0 or content(link) == COUNTED["few"], f"{link}: another content")
        if os.path.exists(real):
            os.remove(real)
    os.symlink("loop", "loop")
    run("-o", "loop", "few", status=2, said=b"mrcount: loop: cannot write: Too many levels of symbolic links")
    os.symlink("missing/new", "lost")
    run("-o", "lost", "few", status=2, said=b"mrcount: lost: cannot make a file in './missing': No such file")


def folders_that_are_the_reason():
    run("-o", "missing/out", "few", status=2, said=b"missing/out: cannot make a file in 'missing': No such file")
    fresh("file")
    run("-o", "file/out", "few", status=2, said=b"mrcount: file/out: cannot write: Not a directory")
    run("-o", "", "few", status=2, said=b"mrcount: '': cannot write: No such file or directory")
    run("-o", "new/", "few", status=2, said=b"Is a directory")
    for name, reason in (("missing", b"No such file or directory"), ("file", b"Not a directory")):
        run("-T", name, "few", status=2, said=b"mrcount: " + name.encode() + b": cannot hold temporary files: " + reason)
    if not ROOT:
        skipped.append("what another user owns (not root)")
        return
    os.mkdir("closed", 0o755)
    run("-o", "closed/out", "few", user=NOBODY, status=2, said=b"closed/out: cannot make a file in 'closed': Permission")
    run("-T", "closed", "few", user=NOBODY, status=2, said=b"closed: cannot hold temporary files: Permission denied")
    # A file that may be written, in a folder that may not; of somebody else, in a folder of everybody.
    os.mkdir("sticky")
    os.chmod("sticky", 0o1777)
    for name in ("closed/open", "sticky/open"):
        fresh(name, b"old\n" * 100)
        os.chmod(name, 0o666)
        before = attributes(name), os.stat(name).st_ino
        run("-o", name, "few", user=NOBODY)
        check(content(name) == COUNTED["few"] and (attributes(name), os.stat(name).st_ino) == before, name)
        run("-o", name, "few", user=NOBODY, limit=4, status=2, said=b"File too large")
        check(content(name) == b"", f"{name}, no room: {content(name)}")
        fresh(name)
        os.chmod(name, 0o644)
        run("-o", name, "few", user=NOBODY, status=2, said=name.encode() + b": cannot write: Permission denied")
        check(content(name) == b"old\n", f"{name}, not to be written: {content(name)}")
    # Root gives what it replaces to whose it was.
    fresh("given")
    os.chown("given", 1, 2)
    os.chmod("given", 0o664)
    before = attributes("given")
    run("-o", "given", "few")
    check(attributes("given") == before and content("given") == COUNTED["few"], f"owner: {attributes('given')}")


def what_cannot_be_replaced():
    if os.environ.get("MRCOUNT_VARIANT"):
        skipped.append("calls that are refused (a sanitizer has its own)")
    else:
        refused = {"LD_PRELOAD": PRELOAD}
        for rule in ("fchmod:1+:EPERM", "fchown:1+:EPERM", "rename:1+:EBUSY", "linkat:1+:EPERM",
                     "tmpfile:1+:EROFS"):
            for old in (b"old\n" * 100, None):
                if old is None and rule.startswith(("rename", "tmpfile")):
                    continue
                if os.path.exists("out"):
                    os.remove("out")
                if old is not None:
                    fresh("out", old)
                    if ROOT:
                        os.chown("out", 1, 1)
                run("-o", "out", "few", environment=dict(refused, FAULT_RULE=rule))
                check(content("out") == COUNTED["few"], f"{rule}: {content('out')}")
                left = [name for name in os.listdir(".") if name.startswith(".mrcount")]
                check(not left, f"{rule}: left {left}")
    fresh("mounted")
    fresh("below", b"below\n")
    own = ["unshare", "-m"] if ROOT else ["unshare", "-rm"]
    script = 'mount --bind below mounted && mrcount -o mounted few && cmp mounted wanted'
    fresh("wanted", COUNTED["few"])
    if subprocess.run([*own, "mount", "--bind", "below", "mounted"], check=False, capture_output=True).returncode != 0:
        skipped.append("a mount point (nothing can be mounted)")
        return
    done = subprocess.run([*own, "sh", "-c", script], check=False, capture_output=True)
    check(done.returncode == 0 and not done.stderr, f"a mount point: {done.stderr}")
    check(content("below") == COUNTED["few"] and content("mounted") == b"old\n", f"a mount point: {content('below')}")


def main():
    fresh("few", b"a\nb\na\n")
    os.umask(0o022)
    for part in (old_files_keep_what_they_have, links_that_lead_nowhere, folders_that_are_the_reason,
                 what_cannot_be_replaced):
        folder = part.__name__
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        shutil.copy("few", folder)
        os.chdir(folder)
        part()
        os.chdir("..")
    for what in skipped:
        print(f"not run: {what}")


if __name__ == "__main__":
    try:
        main()
    except OSError as failure:
        sys.exit(f"failed: {failure} ({errno.errorcode.get(failure.errno)})")
