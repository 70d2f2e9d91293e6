"""
The node's own view of the file system: a mount namespace that containerd makes and the kubelet joins.

Their mounts, the network namespaces of pods, and what they write to paths that no option changes
(/run/containerd, /var/lib/kubelet, /var/lib/cni, /var/log/containers, sysctls) are in this view
only. It ends with their last process, however that ends: a killed node leaves nothing to undo.
"""

from testbed.site import Site

# kubelet and the ptp plug-in change these for the whole machine; here they change a copy.
_SYSCTLS = (
    "net/ipv4/ip_forward",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)

_SCRIPT = """
mkdir -p sysctls
for name in $SYSCTLS; do
    copy=$(echo "$name" | tr / .)
    if [ -e "/proc/sys/$name" ]; then
        cat "/proc/sys/$name" > "sysctls/$copy"
        mount --bind "sysctls/$copy" "/proc/sys/$name"
    fi
done
for folder in /run /var/lib /var/log; do mount -t tmpfs tmpfs "$folder"; done
exec "$@"
"""


def in_new_view(site: Site, *argv: str) -> tuple[str, ...]:
    """The command that runs `argv` in a new view, in the same process."""
    script = f"cd {site.root}\nSYSCTLS='{' '.join(_SYSCTLS)}'\n{_SCRIPT}"
    return ("unshare", "--mount", "--propagation=private", "sh", "-ec", script, "sh", *argv)


def in_view_of(site: Site, part: str, *argv: str) -> tuple[str, ...]:
    """The command that runs `argv` in the view of the running part, in the same process."""
    pid_file = site.run / f"{part}.pid"
    return ("sh", "-ec", 'read -r pid < "$0"; exec nsenter --mount --target "$pid" -- "$@"', str(pid_file), *argv)
