# To be sourced, in bash or zsh: `. engine/env.sh`.
# Puts this checkout's Pulumi first on PATH, if there is one, and keeps everything Pulumi writes inside the checkout,
# so that trying the project never touches your own Pulumi home, login or stacks. It lasts as long as this shell.

if [ -n "${ZSH_VERSION:-}" ]; then
    eval '_engine_root=${(%):-%x}'
else
    _engine_root=${BASH_SOURCE:-engine/env.sh}
fi
_engine_root=$(CDPATH= cd -- "$(dirname -- "$_engine_root")/.." && pwd -P)

if [ -x "$_engine_root/.engine/bin/pulumi" ]; then
    case ":$PATH:" in
        ":$_engine_root/.engine/bin:"*) ;;
        *) export PATH="$_engine_root/.engine/bin:$PATH" ;;
    esac
fi

mkdir -p "$_engine_root/.pulumi-state"
export PULUMI_HOME="$_engine_root/.pulumi-home"
# Without metadata: an engine that is killed while it writes them leaves a stack that nothing opens.
export PULUMI_BACKEND_URL="file://$_engine_root/.pulumi-state?metadata=skip"
if [ -z "${PULUMI_CONFIG_PASSPHRASE_FILE:-}" ]; then
    export PULUMI_CONFIG_PASSPHRASE="${PULUMI_CONFIG_PASSPHRASE-}"
fi
export PULUMI_SKIP_UPDATE_CHECK=true
unset _engine_root
