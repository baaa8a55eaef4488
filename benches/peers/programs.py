"""Programs that are not the project's own."""

import os
import shutil
import subprocess
import sys

PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"


def need(*programs):
    """Finds programs, or has Debian's package manager bring the packages of the same names; ends with what to install
    where it may not."""
    os.environ["PATH"] = PATH
    missing = [program for program in programs if not shutil.which(program)]
    if not missing:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(f"missing: {' '.join(missing)}; install them first, on Debian with `{' '.join(install)}` as root")
    for command in (["apt-get", "update", "-qq"], install):
        subprocess.run(command, check=True, stdout=sys.stderr, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})


def said(command, **more):
    """The first line that a program prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True, **more)
    return done.stdout.splitlines()[0].strip()
