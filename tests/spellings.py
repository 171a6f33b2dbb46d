"""How the rows of the table may be written: by row, groups of texts that an engine takes for one and the same.

Texts of two groups mean different things to an engine. What each means was seen on engines 20.10 and 28.5, or stands
in moby's sources where a comment says so. Each text is the body of its object: a container (beside its image), a
container's place on a network, a network, a volume.
"""

from __future__ import annotations

CONTAINERS: dict[str, list[list[str]]] = {
    "command": [
        ["command: [sleep, '1']", "command: sleep 1", "command: [sleep, 1]"],
        ["command: ['sleep 1']"],
        ["command: [sleep, '1', '']"],
        ["command: ['']"],
    ],
    "entrypoint": [
        ["entrypoint: [/a, b]", "entrypoint: /a b"],
        ["entrypoint: []\ncommand: x", "entrypoint: ''\ncommand: x", "entrypoint: ['']\ncommand: x"],
        ["entrypoint: ['', x]"],
    ],
    "environment": [
        ["environment: {A: '1', B: ''}", "environment: [B=, A=1]"],
        ["environment: {A: '1'}"],
        ["environment: {a: '1'}"],
        ["environment: {A: ' 1'}", "environment: ['A= 1']"],
        ["environment: {A: 'x=y'}"],
    ],
    "labels": [
        ["labels: {a: '', b: x}", "labels: {a: , b: x}", "labels: [a, b=x]", "labels: [b=x, a=]"],
        ["labels: {a: x}"],
        ["labels: {desktop.docker.io/a: x}"],
        ["labels: {desktop.docker.io/a: y}"],
    ],
    "user": [["user: 1000", "user: '1000'"], ["user: 1000:1000"], ["user: root"], ["user: ''", ""]],
    "working_dir": [
        ["working_dir: /tmp", "working_dir: /tmp/", "working_dir: //tmp", "working_dir: /x/../tmp/."],
        ["working_dir: /", ""],
        ["working_dir: /tmp/a"],
    ],
    "tty": [["tty: true"], ["tty: false", ""]],
    "stdin_open": [["stdin_open: true"], ["stdin_open: false", ""]],
    "init": [["init: true"], ["init: false"]],
    "stop_signal": [
        ["stop_signal: SIGINT", "stop_signal: INT", "stop_signal: sigint", "stop_signal: '2'", "stop_signal: int"],
        ["stop_signal: SIGTERM", "stop_signal: '15'"],
        ["stop_signal: SIGABRT", "stop_signal: IOT", "stop_signal: '6'"],
        ["stop_signal: SIGIO", "stop_signal: POLL"],
        ["stop_signal: SIGSTKFLT", "stop_signal: '16'"],
        ["stop_signal: RTMIN+1", "stop_signal: SIGRTMIN+1", "stop_signal: '35'"],
        ["stop_signal: RTMIN"],
        ["stop_signal: RTMAX-1", "stop_signal: rtmax-1", "stop_signal: '63'"],
        ["stop_signal: RTMAX", "stop_signal: '64'"],
    ],
    "stop_grace_period": [
        ["stop_grace_period: 10s", "", "stop_grace_period: 10000ms"],
        ["stop_grace_period: 0s", "stop_grace_period: 0", "stop_grace_period: '0'"],
        ["stop_grace_period: 1d", "stop_grace_period: 24h", "stop_grace_period: 1440m"],
    ],
    "restart": [
        ["restart: 'no'", "restart: no", ""],
        ["restart: on-failure", "restart: on-failure:0", "restart: on-failure:00"],
        ["restart: on-failure:3", "restart: on-failure:03"],
        ["restart: on-failure:30"],
        ["restart: always"],
        ["restart: unless-stopped"],
    ],
    "healthcheck": [
        ["", "healthcheck: {}", "healthcheck: {retries: 0}", "healthcheck: {disable: false, interval: 0s}"],
        ["healthcheck: {test: x}", "healthcheck: {test: [CMD-SHELL, x], retries: 0}"],
        ["healthcheck: {test: [CMD, x]}"],
        ["healthcheck: {test: [NONE]}", "healthcheck: {disable: true}"],
        ["healthcheck: {interval: 9s}", "healthcheck: {interval: 9000ms}"],
        ["healthcheck: {interval: 9s, retries: 1}"],
        ["healthcheck: {test: x, timeout: 1.5s}", "healthcheck: {test: x, timeout: 1500000us}"],
        ["healthcheck: {test: x, start_period: 1w}", "healthcheck: {test: x, start_period: 7d}"],
    ],
    "logging": [
        ["logging: {driver: json-file, options: {max-size: 1m}}"],
        ["logging: {driver: json-file, options: {max-size: 2m}}"],
        ["logging: {driver: local}"],
        ["", "logging: {}"],
    ],
    "hostname": [["hostname: web"], ["hostname: web.example"], ["hostname: my_host"], ["hostname: _a-"], [""]],
    "domainname": [["domainname: example.test"], ["domainname: a_b"], [""]],
    "mac_address": [
        ["mac_address: '02:42:AC:11:00:07'", "mac_address: '02:42:ac:11:00:07'", "mac_address: 02-42-ac-11-00-07"],
        ["mac_address: '02:42:ac:11:00:08'"],
    ],
    "ports": [
        [
            "ports: [18080:80]", "ports: ['18080-18080:80']", "ports: ['18080:80-80']", "ports: ['18080:080']",
            "ports: [{target: 80, published: 18080-18080}]", "ports: [{target: 80, published: '18080', mode: host}]",
            "ports: [{target: 80, published: 18080, name: web, app_protocol: http}]", "ports: ['18080:80/TCP']",
        ],
        ["ports: [80]", "ports: ['0:80']", "ports: [{target: 80, published: 0}]", "ports: [80, 80]"],
        ["ports: ['18080-18082:80']", "ports: ['18080-18082:080']"],
        ["ports: ['18080-18082:80-82']", "ports: [18080:80, 18081:81, 18082:82]"],
        ["ports: ['0.0.0.0:18080:80']"],
        ["ports: ['[::]:18080:80']", "ports: [':::18080:80']"],
        ["ports: ['[::1]:18080:80']", "ports: ['::1:18080:80']", "ports: ['[0:0::1]:18080:80']"],
        ["ports: ['127.0.0.1:18080:80']"],
        ["ports: ['127.0.0.1::80']", "ports: ['127.0.0.1:0:80']"],
        ["ports: [18080:80/udp]"],
        [""],
    ],
    "ports without a network": [
        ["network_mode: host", "network_mode: host\nports: [18080:80]"],
        ["network_mode: none", "network_mode: none\nports: [80]"],
        ["network_mode: host\nexpose: [80]", "network_mode: host\nexpose: [80]\nports: [18080:80]"],
    ],
    "expose": [
        ["expose: [80]", "expose: ['80']", "expose: ['80/tcp']", "expose: ['80-80']", "expose: ['080/TCP']"],
        ["expose: ['80/udp']"],
        ["expose: ['80-82']", "expose: [82, 81, 80]"],
        [""],
    ],
    "extra_hosts": [
        [
            "extra_hosts: {a: '::1'}", "extra_hosts: {a: '[::1]'}", "extra_hosts: ['a=[::1]']",
            "extra_hosts: ['a:::1']", "extra_hosts: {a: ['0:0::1']}",
        ],
        [
            "extra_hosts: {a: [10.0.0.1, 10.0.0.2], b: 10.0.0.3}",
            "extra_hosts: ['b=10.0.0.3', 'a:10.0.0.1', 'a:10.0.0.2']",
        ],
        ["extra_hosts: {a: [10.0.0.2, 10.0.0.1], b: 10.0.0.3}"],  # a resolver gives the first line first
        ["extra_hosts: {a: host-gateway}"],
        [""],
    ],
    "dns": [
        ["dns: '::1'", "dns: ['0:0::1']"],
        ["dns: [10.0.0.1, 10.0.0.2]"],
        ["dns: [10.0.0.2, 10.0.0.1]"],
    ],
    "dns_opt": [["dns_opt: [ndots:2]"], ["dns_opt: [ndots:2, rotate]"]],
    "dns_search": [["dns_search: a.b", "dns_search: [a.b]"], ["dns_search: [a.b, c.d]"], ["dns_search: [c.d, a.b]"]],
    "volumes": [
        [
            "volumes: [data:/d]", "volumes: ['data:/d/']", "volumes: ['data://d']",
            "volumes: ['data:/d:rw,consistent']", "volumes: ['data:/d:cached']",
            "volumes: [{type: volume, source: data, target: /x/../d}]",
            "volumes: [{type: volume, source: data, target: /d, consistency: delegated}]",
        ],
        ["volumes: [data:/d:ro]", "volumes: ['data:/d:ro,cached']"],
        ["volumes: ['data:/d:ro,z']", "volumes: ['data:/d:z,ro']"],
        ["volumes: ['data:/d:z']", "volumes: ['data:/d:rw,z']"],
        ["volumes: ['data:/d:Z']", "volumes: [{type: volume, source: data, target: /d, bind: {selinux: Z}}]"],
        ["volumes: ['data:/d:nocopy']", "volumes: [{type: volume, source: data, target: /d, volume: {nocopy: true}}]"],
        ["volumes: ['data:/d:nocopy,z']"],
        ["volumes: [/d]", "volumes: [/d/]", "volumes: [//d/.]", "volumes: [{type: volume, target: /d}]"],
        ["volumes: [{type: volume, target: /d/, volume: {nocopy: true}}]"],
        [
            "volumes: [/tmp:/d]", "volumes: [/tmp/:/d/]", "volumes: ['/tmp:/d:rprivate']",
            "volumes: ['/tmp:/d:delegated']",
        ],
        ["volumes: ['/tmp:/d:private']"],
        ["volumes: ['/tmp:/d:z,rslave']", "volumes: ['/tmp:/d:rslave,z,rw']"],
        ["volumes: ['/tmp:/d:Z']", "volumes: [{type: bind, source: /tmp/, target: /d, bind: {selinux: Z}}]"],
        ["volumes: [{type: tmpfs, target: /d}]", "volumes: [{type: tmpfs, target: /d/, tmpfs: {}}]"],
        [
            "volumes: [{type: tmpfs, target: /d, tmpfs: {size: 1m}}]",
            "volumes: [{type: tmpfs, target: /d, tmpfs: {size: 1024KiB}}]",
        ],
        ["volumes: [{type: tmpfs, target: /d, tmpfs: {mode: 0o1777}}]"],
    ],
    "volumes_from": [
        ["volumes_from: [one, two]", "volumes_from: ['one:rw', 'container:two']"],
        ["volumes_from: [two, one]"],  # where both mount something at one place, the last one's is found there
        ["volumes_from: ['one:ro']"],
    ],
    "tmpfs": [
        ["tmpfs: /run", "tmpfs: [/run/]", "tmpfs: ['/run:']"],
        [
            "tmpfs: ['/run:size=1m,mode=1777']", "tmpfs: ['/run:mode=1777,size=1m']",
            "tmpfs: ['/run:size=2m,mode=1777,size=1m']",
        ],
        ["tmpfs: ['/run:size=1m,mode=1777,size=2m']"],
        ["tmpfs: ['/run:rw,ro']", "tmpfs: ['/run:ro']"],
        ["tmpfs: ['/run:ro,rw']", "tmpfs: ['/run:rw']"],
        ["tmpfs: ['/run:noexec']"],
    ],
    "cpus": [["cpus: 0.5", "cpus: '0.5'", "cpus: .5", "cpus: 5e-1"], ["cpus: 1", "cpus: 1.0"], ["", "cpus: 0"]],
    "cpu_shares": [["cpu_shares: 512"], ["", "cpu_shares: 0"]],
    "cpu_quota": [["cpu_quota: 50000", "cpu_quota: 50ms"], ["", "cpu_quota: 0", "cpu_quota: -1"]],
    "cpu_period": [["cpu_period: 50000", "cpu_period: 50ms"], ["", "cpu_period: 0"]],
    "cpuset": [
        ["cpuset: '0-1'", "cpuset: 0,1", "cpuset: '1,0'", "cpuset: '00-01,1'"],
        ["cpuset: '0'", "cpuset: 0", "cpuset: 0-0", "cpuset: 0,0"],
        ["cpuset: '1'"],
        ["", "cpuset: ''"],
    ],
    "mem_limit": [
        [
            "mem_limit: 64m", "mem_limit: 67108864", "mem_limit: '64 MB'", "mem_limit: 64MiB", "mem_limit: 65536k",
            "mem_limit: 0.0625g", "mem_limit: '67108864b'",
        ],
        ["mem_limit: 1.5g", "mem_limit: 1536m", "mem_limit: 1.5GiB"],
        ["", "mem_limit: 0"],
    ],
    "memswap_limit": [
        ["mem_limit: 64m", "mem_limit: 64m\nmemswap_limit: 128m", "mem_limit: 64m\nmemswap_limit: 0"],
        ["mem_limit: 64m\nmemswap_limit: 64m"],
        ["mem_limit: 64m\nmemswap_limit: -1", "mem_limit: 64m\nmemswap_limit: '-1'"],
    ],
    "mem_reservation": [["mem_reservation: 32m"], ["", "mem_reservation: 0"]],
    "mem_swappiness": [["mem_swappiness: 10"], ["mem_swappiness: 0"], ["", "mem_swappiness: -1"]],
    "oom_kill_disable": [["oom_kill_disable: true"], ["", "oom_kill_disable: false"]],
    "oom_score_adj": [["oom_score_adj: 5"], ["", "oom_score_adj: 0"], ["oom_score_adj: -5"]],
    "shm_size": [["shm_size: 32m", "shm_size: 32768k"], ["shm_size: 64m"]],
    "pids_limit": [["pids_limit: 5"], ["", "pids_limit: 0", "pids_limit: -1"]],
    "ulimits": [
        ["ulimits: {core: 0}", "ulimits: {core: {soft: 0, hard: 0}}"],
        ["ulimits: {core: {soft: 0, hard: 1}}"],
        ["ulimits: {core: -1}"],
    ],
    "blkio_config": [["", "blkio_config: {}", "blkio_config: {weight: 0}"]],
    "cap_add": [
        ["cap_add: [NET_ADMIN]", "cap_add: [cap_net_admin]", "cap_add: [CAP_NET_ADMIN, net_admin]"],
        ["cap_add: [NET_ADMIN, SYS_TIME]", "cap_add: [SYS_TIME, NET_ADMIN]"],
        ["cap_add: [ALL]", "cap_add: [all]"],
    ],
    "cap_drop": [["cap_drop: [ALL]", "cap_drop: [all]"], ["cap_drop: [MKNOD]"]],
    "privileged": [["", "privileged: false"], ["privileged: true"]],
    "read_only": [["", "read_only: false"], ["read_only: true"]],
    "security_opt": [
        [
            "security_opt: [no-new-privileges]", "security_opt: ['no-new-privileges:true']",
            "security_opt: [no-new-privileges=true]", "security_opt: ['no-new-privileges:1']",
            "security_opt: ['no-new-privileges:false', no-new-privileges]",
        ],
        ["security_opt: ['no-new-privileges:false']", "security_opt: [no-new-privileges, no-new-privileges=0]"],
        ["security_opt: [seccomp=unconfined]", "security_opt: ['seccomp:unconfined']"],
        ["security_opt: ['label:disable']", "security_opt: [label=disable]", "security_opt: [disable]"],
        ["security_opt: ['label=user:a', 'label=level:b']", "security_opt: ['label:level:b', 'label:user:a']"],
        ["security_opt: ['label=user:b', 'label=level:b']"],
        ["security_opt: [systempaths=unconfined]"],
    ],
    "security_opt beside others": [
        ["pid: host\nsecurity_opt: [systempaths=unconfined]"],
        ["pid: host", "pid: host\nsecurity_opt: [label=disable]"],
        ["ipc: host", "ipc: host\nsecurity_opt: ['label:disable']"],
        ["privileged: true", "privileged: true\nsecurity_opt: [systempaths=unconfined, label=disable]"],
    ],
    "group_add": [["group_add: [10, '20']", "group_add: ['20', '10']", "group_add: [10, 20, 10]"], ["group_add: [10]"]],
    "ipc": [["ipc: shareable"], ["ipc: private"], ["ipc: none"], ["ipc: host"]],
    "uts": [["uts: host"], [""]],
    "cgroup": [["cgroup: host"], ["cgroup: private"]],
    "isolation": [["", "isolation: default"]],
    "devices": [
        ["devices: [/dev/null]", "devices: ['/dev/null:/dev/null:rwm']", "devices: ['/dev/null:mrw']"],
        ["devices: ['/dev/null:/dev/x:r']", "devices: [{source: /dev/null, target: /dev/x, permissions: rr}]"],
        ["devices: ['/dev/null:/dev/y:r']"],
    ],
    "device_cgroup_rules": [
        ["device_cgroup_rules: ['c 1:3 rwm']", "device_cgroup_rules: ['c 1:3 mrw']"],
        ["device_cgroup_rules: ['c 1:3 r']"],
        ["device_cgroup_rules: ['c 1:3 r', 'c 1:5 r']"],
    ],
    "gpus": [
        ["gpus: [{driver: x, count: all}]", "gpus: [{driver: x}]", "gpus: [{driver: x, capabilities: [gpu]}]"],
        ["gpus: [{driver: x, count: 1}]"],
        ["gpus: [{driver: x, count: 0}]"],
        ["gpus: [{driver: x, capabilities: [gpu, compute]}]", "gpus: [{driver: x, capabilities: [compute, gpu]}]"],
        ["gpus: [{driver: x, device_ids: ['0', '1']}]"],
    ],
    "sysctls": [
        ["sysctls: {net.core.somaxconn: 1024}", "sysctls: [net.core.somaxconn=1024]"],
        ["sysctls: {net.core.somaxconn: 512}"],
    ],
    "annotations": [
        ["annotations: {a: x, b: }", "annotations: [a=x, b]", "annotations: [b=, a=x]"],
        ["annotations: {a: x}"],
    ],
    "platform": [
        [
            "", "platform: linux", "platform: linux/amd64", "platform: linux/x86_64", "platform: amd64",
            "platform: Linux/AMD64", "platform: linux/amd64/v1",
        ],
    ],
    "network_mode": [["network_mode: none"], ["network_mode: host"], ["network_mode: bridge", ""]],
}  # fmt: skip
"""By row; where two rows meet, by what they show."""

_FOUR = "ipam: {config: [{subnet: 10.84.1.0/24"
ATTACHMENTS: dict[str, list[list[str]]] = {
    "aliases": [
        ["aliases: [b, a]", "aliases: [a, b]", "aliases: [a, b, a]"],
        ["aliases: [A, b]"],
        ["", "aliases: []"],
    ],
    "ipv4_address": [["ipv4_address: 10.84.0.9"], [""]],
    "ipv6_address": [["ipv6_address: 'fd00:84::9'", "ipv6_address: 'FD00:84:0::9'"], [""]],
    "link_local_ips": [
        ["link_local_ips: [169.254.8.8, 169.254.8.9]", "link_local_ips: [169.254.8.9, 169.254.8.8]"],
        ["link_local_ips: ['fe80::9']", "link_local_ips: ['FE80:0::9']"],
        [""],
    ],
    "driver_opts": [["driver_opts: {a: '1'}", "driver_opts: [a=1]"], ["driver_opts: {a: '2'}"]],
    "interface_name": [
        ["interface_name: net5", "driver_opts: {com.docker.network.endpoint.ifname: net5}"],
        ["driver_opts: {com.docker.network.endpoint.ifname: net6}"],
        ["interface_name: net5\ndriver_opts: {a: '1'}"],
    ],
    "gw_priority": [["gw_priority: 5"], ["gw_priority: 0", "", "priority: 5"]],
}
NETWORKS: dict[str, list[list[str]]] = {
    "driver": [["driver: bridge", ""]],
    "driver_opts": [
        ["driver_opts: {com.docker.network.driver.mtu: 1400}", "driver_opts: [com.docker.network.driver.mtu=1400]"],
        ["driver_opts: {com.docker.network.driver.mtu: 1300}"],
    ],
    "internal": [["internal: true"], ["internal: false", ""]],
    "attachable": [["attachable: true"], ["attachable: false", ""]],
    "enable_ipv4": [["enable_ipv4: true", ""]],
    "labels": [
        ["labels: {a: '', b: x}", "labels: {a: , b: x}", "labels: [a, b=x]"],
        [""],
    ],
    "labels of Docker Desktop": [["labels: {desktop.docker.io/a: x}"], ["labels: {desktop.docker.io/a: y}"]],
    "ipam": [
        [f"{_FOUR}}}]}}", f"{_FOUR}, gateway: 10.84.1.1}}]}}", f"{_FOUR}, aux_addresses: {{}}}}]}}"],
        [f"{_FOUR}, gateway: 10.84.1.254}}]}}"],
        [f"{_FOUR}, ip_range: 10.84.1.128/25}}]}}", f"{_FOUR}, ip_range: 10.84.1.128/25, gateway: 10.84.1.128}}]}}"],
        [f"{_FOUR}, ip_range: 10.84.1.128/25, gateway: 10.84.1.1}}]}}"],
        [f"{_FOUR}, ip_range: 10.84.1.128/25, gateway: 10.84.1.129}}]}}"],
        [f"{_FOUR}, aux_addresses: {{a: 10.84.1.7}}}}]}}"],
        [f"{_FOUR}, aux_addresses: {{b: 10.84.1.7}}}}]}}"],
        ["ipam: {config: [{subnet: 10.84.1.0/25}]}"],
    ],
    "ipam of IPv6": [
        [
            "enable_ipv6: true\nipam: {config: [{subnet: 'fd00:84:1::/64'}, {subnet: 10.84.1.0/24}]}",
            "enable_ipv6: true\nipam: {config: [{subnet: 10.84.1.0/24}, {subnet: 'FD00:84:1:0::/64'}]}",
            "enable_ipv6: true\n" + f"{_FOUR}}}, {{subnet: 'fd00:84:1::/64', gateway: 'fd00:84:1::1'}}]}}",
        ],
        ["enable_ipv6: true\nipam: {config: [{subnet: 10.84.1.0/24}, {subnet: 'fd00:84:2::/64'}]}"],
    ],
}  # fmt: skip
VOLUMES: dict[str, list[list[str]]] = {
    "driver": [["driver: local", ""]],
    "driver_opts": [
        ["driver_opts: {type: tmpfs, device: tmpfs}", "driver_opts: [device=tmpfs, type=tmpfs]"],
        ["driver_opts: {type: tmpfs, device: tmpfs, o: size=1m}"],
        [""],
    ],
    "labels": [
        ["labels: {a: '', b: x}", "labels: {a: , b: x}", "labels: [a, b=x]"],
        [""],
    ],
    "labels of Docker Desktop": [["labels: {desktop.docker.io/a: x}"], ["labels: {desktop.docker.io/a: y}"]],
}

NEWER: dict[str, tuple[int, int]] = {"annotations": (1, 43), "interface_name": (1, 49), "gw_priority": (1, 48)}
"""The first API version that has them."""
