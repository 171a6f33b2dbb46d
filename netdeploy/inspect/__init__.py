"""How a container is connected, inside and on the host: interfaces, addresses, routes, names, ports."""
