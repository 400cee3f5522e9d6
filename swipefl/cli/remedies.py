"""What a person reads of an error: what is wrong, and what to do next in flags and commands of this command line."""

import shlex
import sys
from importlib.util import find_spec

from swipefl.errors import Remedy, SwipeflError


def installing(*packages: str) -> str:
    """How they come to this very Python, whatever its environment is: those of uv have no pip."""
    python = shlex.quote(sys.executable or "python3")
    by = f"{python} -m pip install" if find_spec("pip") else f"uv pip install --python {python}"
    return f"`{by} {' '.join(packages)}`"


def _bringing(*packages: str) -> str:
    """The same for words that facts are put into."""
    return f"{installing(*packages)} brings it".replace("{", "{{").replace("}", "}}")


_OTHER_HOME = "or choose another folder with --home"
_ASIDE = "keep a copy, move it and any {path.name}-wal and {path.name}-shm beside it aside, and"
_WORDS = {
    Remedy.ADD_KEYBOARD: "`swipefl keyboards add` makes it known",
    Remedy.ALLOW_ORIGIN: "`swipefl serve --allow-origin` names those that may",
    Remedy.ASK_OWNER: "ask whoever runs it",
    Remedy.ASK_OWNER_OR_REJOIN: "ask whoever runs the coordinator; `swipefl leave` and a new token start over",
    Remedy.BRING_UP_TO_DATE: "`swipefl status`, or any other command, brings it up to date: nothing is lost",
    Remedy.CHANGE_CERTIFICATE: "ask whoever runs it for one that it takes; SWIPEFL_CLIENT_CERTIFICATE and _KEY name it",
    Remedy.CHECK_ADDRESS: "check the address, and whether this network wants a login first",
    Remedy.CHECK_ADDRESS_OR_TOKEN: "check the address, or ask for a new token",
    Remedy.CHECK_CLUSTER: "check RAY_ADDRESS and the token, as `ray status` does; without RAY_ADDRESS it runs here",
    Remedy.CHECK_DISK: "check the disk and try again",
    Remedy.CHECK_FOLDER: f"check the folder's permissions and the disk's free space, {_OTHER_HOME}",
    Remedy.CHECK_OWNER: "check that it is a file and that the file and its folder belong to you and are writable, "
    f"{_OTHER_HOME}",
    Remedy.CHECK_PERMISSIONS: "check its name and its permissions",
    Remedy.CHECK_PROXY: "check the proxy that https_proxy names; no_proxy lists hosts that need none",
    Remedy.CHECK_SUPERLINK: "--superlink HOST:PORT says where it is",
    Remedy.CHOOSE_FIELD: "--by names a field of the lines that has few values, such as user",
    Remedy.CHOOSE_FILE: "name another file in a folder that is there",
    Remedy.CHOOSE_LANGUAGE: "there are {known}; `swipefl lexicons add FILE --language {language}` brings another",
    Remedy.CHOOSE_MODEL: "there are {known}",
    Remedy.CHOOSE_NAME: "give the new one a name of its own",
    Remedy.CHOOSE_OUT: "--out names another folder",
    Remedy.CONVERT_CERTIFICATE: "`openssl x509 -inform DER -in {path} -out NEW.pem` makes PEM of it",
    Remedy.CONVERT_KEY: "`openssl pkey -inform DER -in {path} -out NEW.pem` makes PEM of it",
    Remedy.COPY_HOME: "copy it, with all that lies beside it, to a folder that you may write, and say --home there",
    Remedy.CORRECT_SETTING: "correct it where it is set",
    Remedy.ENROLL: "`swipefl enroll HOST:PORT` joins one; `swipefl cycle` works without",
    Remedy.FEWER_JOBS: "run it again, with fewer --jobs",
    Remedy.FREE_ADDRESS: "give a free HOST:PORT",
    Remedy.FREE_PORT: "say another --host or --port; --port 0 takes any that is free",
    Remedy.FREE_SPACE: "free some space and run the command again",
    Remedy.GIVE_ADDRESS: "give HOST:PORT, such as swipes.example.org:8443",
    Remedy.GIVE_AUTHORITY: "`swipefl enroll --ca FILE` names the authority's certificate (PEM), which its owner has",
    Remedy.GIVE_CERTIFICATE: "give the PEM file of a certificate or key",
    Remedy.GIVE_CHECKPOINT: "give a checkpoint's file",
    Remedy.GIVE_FILE: "name the file, or leave --jobs out",
    Remedy.GIVE_HANDLE: "give one of these in its place",
    Remedy.GIVE_ONE_TOKEN: "give one of them alone",
    Remedy.GIVE_ORIGIN: "give SCHEME://HOST:PORT, such as https://keyboard.example.org",
    Remedy.GIVE_PAIR: "give the files of a certificate and of its own key",
    Remedy.GIVE_SIGNING_KEY: "--signing-key FILE names it: `swipefl coordinator backup --signing-key FILE` wrote it",
    Remedy.GIVE_SUPERLINK_CA: "--ca FILE names its authority's certificate (PEM); --insecure is for one without TLS",
    Remedy.GIVE_TOKEN: "say --token-file FILE, pipe it into --token -, or set SWIPEFL_TOKEN",
    Remedy.INGEST_AGAIN: f"{_ASIDE} ingest your swipes again",
    Remedy.INGEST_MORE: "ingest more swipes",
    Remedy.INIT_COORDINATOR: "`swipefl coordinator init` makes one",
    Remedy.INIT_FLOWER: "`swipefl flower init FOLDER` writes one",
    Remedy.INSTALL_AGAIN: "install swipefl again",
    Remedy.INSTALL_API: _bringing("fastapi", "segno", "uvicorn"),
    Remedy.INSTALL_FLOWER: _bringing("'flwr[simulation]>=1.42,<1.43'") + ", best into an environment of its own",
    Remedy.INSTALL_LANGUAGES: _bringing("wordfreq"),
    Remedy.INSTALL_NEWER: f"install the newer swipefl again, {_OTHER_HOME}",
    Remedy.INSTALL_PACKAGE: _bringing("PACKAGE").replace("PACKAGE", "{package}"),
    Remedy.INSTALL_PLOT: f"{_bringing('resvg-py')}; --svg needs nothing",
    Remedy.KEEP_EDITED: "changes of your own belong into what `systemctl edit` makes; --edited takes the file's place",
    Remedy.INSTALL_TORCH: f"{_bringing('torch')}; its own site has the smaller build, for processors alone",
    Remedy.LEAVE_FIRST: "`swipefl leave` first",
    Remedy.LIST_CHECKPOINTS: "see `swipefl status`",
    Remedy.LIST_DEVICES: "see `swipefl coordinator devices`",
    Remedy.LIST_GESTURES: "`swipefl export` shows the ids of all of them",
    Remedy.LIST_KEYBOARDS: "`swipefl keyboards list` shows what there is",
    Remedy.LIST_LEXICONS: "`swipefl lexicons list` shows what there is",
    Remedy.LIST_VERSIONS: "see `swipefl coordinator status`",
    Remedy.LOWER_LEARNING_RATE: "try a smaller --learning-rate",
    Remedy.MAKE_COMMON_KEY: "`openssl ecparam -name prime256v1 -genkey` makes one; have the certificate made for that",
    Remedy.MEND: "--fix mends {can_fix} of them",
    Remedy.MOVE_ASIDE: f"move it aside, {_OTHER_HOME}",
    Remedy.NAME_OTHER_FILE: "name another one, in a folder that is there and that you may write to",
    Remedy.NEW_TOKEN: "ask for a new one, from `swipefl coordinator token`",
    Remedy.NEW_TOKEN_FILE: "remove it: the next start makes a new one, for you alone",
    Remedy.NEW_UPDATE: "new swipes or a new global model make another",
    Remedy.OTHER_BACKUP: "nothing was changed; take another backup",
    Remedy.OTHER_STATE: "`folder` in the project's file names it, `swipefl flower init --state FOLDER` another one",
    Remedy.PUBLISH: "`swipefl coordinator publish` adds a version",
    Remedy.REENROLL: "`swipefl leave` keeps your model, and a new token enrols the device again",
    Remedy.REMOVE_TIMER: "`swipefl timer remove` first; or say --home with that one",
    Remedy.RENEW_OR_SET_CLOCK: "set this device's clock if that is wrong, else tell whoever runs it",
    Remedy.RESET_TO_BASE: "`swipefl reset --to base` goes back to the model of the package",
    Remedy.RESTORE_COPY: f"{_ASIDE} put a copy from before in its place; `swipefl coordinator init` begins anew, and "
    "every device with it",
    Remedy.RESUME: "--resume goes on after the last round that was done",
    Remedy.RESUME_OR_CHOOSE_OUT: "--resume goes on with it, --out names another folder",
    Remedy.RUN_AGAIN: "run the command again",
    Remedy.RUN_AGAIN_LATER: "run the command again when that program is done",
    Remedy.SAME_EVERYWHERE: "every machine needs the same Python, and the same swipefl, of clones the same commit",
    Remedy.SAY_HOME: "say --home FOLDER, or set SWIPEFL_HOME",
    Remedy.SAY_KEYBOARD: "say --keyboard NAME or FILE",
    Remedy.SAY_LANGUAGE: "say --language; `swipefl lexicons list` shows those that there are words of, and "
    "`swipefl lexicons add` brings more",
    Remedy.SAY_PERSON: "--run-as NAME says whose nights they are",
    Remedy.SAY_SCOPE: "--before DATE, --word WORD (or both), --id ID, or --all",
    Remedy.SAY_TLS: "give --tls-cert and --tls-key, or say --insecure",
    Remedy.SAY_WORDS: "FILE --language TAG, or --from-wordfreq LANG",
    Remedy.SAY_YES: "--yes does it all the same",
    Remedy.SEE_SUPERLINK: "what the SuperLink wrote says more",
    Remedy.SET_CERTIFICATE: "ask whoever runs it for one; SWIPEFL_CLIENT_CERTIFICATE and _KEY name its files",
    Remedy.SET_CLOCK: "set this device's clock; if that is right, tell whoever runs it",
    Remedy.SHARE_FOLDER: "every machine must see the folder of --out, and the file of --eval, at the same place",
    Remedy.SHOW_TOKEN: "the link that `swipefl serve` shows has it",
    Remedy.START_ANEW: "leave --resume out",
    Remedy.SUPERLINK_BY_NAME: "say --superlink NAME:PORT with a name that its certificate is for",
    Remedy.SUPERLINK_OTHER_CA: "{ca} is not of the authority that its certificate comes from; ask its owner for that",
    Remedy.SUPERLINK_WITHOUT_TLS: "check the address; --insecure is for one without TLS",
    Remedy.SUPERLINK_WITH_TLS: "check the address; if it has TLS, leave --insecure out; else try again later",
    Remedy.SYNC_NOT_REQUIRED: "leave --require-sync out, or `swipefl enroll` first",
    Remedy.TRAIN_ON_CPU: "leave --device out or say `cpu`",
    Remedy.TRY_LATER: "try again later",
    Remedy.UNLOCK_KEY: "`openssl pkey -in {path} -out NEW.pem` writes one without",
    Remedy.UPGRADE: "a newer swipefl may know it",
    Remedy.UPGRADE_EITHER: "upgrade the older of the two",
    Remedy.WAIT_OR_STOP: "wait until it ends, or stop it, and try again",
    Remedy.WITHOUT_SYSTEMD: "nothing was installed; --print shows the units, and examples/NIGHTS.md has lines for cron",
    Remedy.WITH_TLS: "leave --insecure out; on this machine say --ca FILE with its authority's certificate (PEM)",
    Remedy.WITHOUT_TLS: "check the address; a coordinator without TLS is spoken to without --ca on its own machine, "
    "and with --insecure from elsewhere",
}


def told(error: SwipeflError) -> str:
    """What is wrong and where, and what to do next."""
    remedy = advice(error)
    return f"{error}; {remedy}" if remedy else str(error)


def advice(error: SwipeflError) -> str | None:
    """What to do next, where anything helps."""
    return None if error.remedy is None else error.worded(_WORDS[error.remedy])
