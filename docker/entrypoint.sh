#!/bin/sh
# `serve` listens on the container's own address, the one that a published port leads to; with it comes a token.
# Whatever else is asked for is the workbench's command line as it is, as is `serve --host …`.
set -eu
if [ "${1:-}" = serve ]; then
    case " $* " in
        *" --host"*) ;;
        *)
            shift
            address=$(python -c 'import socket; print(socket.gethostbyname(socket.gethostname()))')
            set -- serve --host "$address" --allow-remote "$@"
            ;;
    esac
fi
exec workbench "$@"
