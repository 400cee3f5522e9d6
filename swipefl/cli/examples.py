"""What each command's help has for examples: a line for a shell, and what it does; a test reads each as it is read."""

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "swipefl": (
        ("swipefl ingest swipes.jsonl", "a keyboard's log into the store"),
        ("swipefl cycle", "learn from it; what timers run at night"),
        ("swipefl status", "what was gained"),
    ),
    "swipefl ingest": (
        ("swipefl ingest ~/.local/share/keyboard", "every log of a folder; what is known is passed over"),
        ("zcat swipes.jsonl.gz | swipefl ingest - --json", "from a pipe, counted for a program"),
        ("swipefl ingest swipes.csv --keyboard qwertz --rejects bad.csv", "and keep the lines that it cannot read"),
    ),
    "swipefl cycle": (
        ("swipefl cycle", "one round, where something is new"),
        ("swipefl cycle --rounds 3", "up to three, as long as they gain something"),
        ("swipefl cycle --require-sync", "fail where the coordinator is away"),
        ("swipefl cycle --explain", "whether it would work now, and what speaks against it"),
        ("swipefl cycle --now", "all the same, on battery too"),
    ),
    "swipefl predict": (
        ("swipefl predict swipes.jsonl", "words for each gesture of a file"),
        ("swipefl predict - --top 3 --json", "a line of JSON for each line as it comes"),
        ("swipefl predict swipes.jsonl --model base --explain", "what each score is made of"),
    ),
    "swipefl evaluate": (
        ("swipefl evaluate", "your model, on swipes that it has not seen"),
        ("swipefl evaluate swipes.jsonl --model base --by user", "the shipped one on a file, each person apart"),
    ),
    "swipefl show": (
        ("swipefl show", "the newest swipe"),
        ("swipefl show --word hello --svg hello.svg", "the newest of a word, as a picture"),
        ("swipefl show --worst", "the one that the model reads worst"),
    ),
    "swipefl status": (
        ("swipefl status", "in sentences"),
        ("swipefl status --json", "for a program"),
    ),
    "swipefl doctor": (
        ("swipefl doctor", "a line each, and what to do"),
        ("swipefl doctor --fix", "and mend what can be mended"),
        ("swipefl doctor --json || echo unwell", "in a script: exit code 9 where something is wrong"),
    ),
    "swipefl train": (
        ("swipefl train", "a model of your own, used if it is better"),
        ("swipefl train --epochs 8 --seed 1", "longer, and the same again each time"),
    ),
    "swipefl reset": (
        ("swipefl reset", "back to the model that came with swipefl"),
        ("swipefl reset --to 2", "back to a checkpoint of `swipefl status`"),
    ),
    "swipefl relabel": (("swipefl relabel 1f3a09bc55d2 hello", "it was `hello` that was meant"),),
    "swipefl forget": (
        ("swipefl forget --word secret --dry-run", "what would go; nothing is erased"),
        ("swipefl forget --before 2026-01-31 --yes", "what was stored before a day, without a question"),
        ("swipefl forget --all", "everything"),
    ),
    "swipefl export": (("swipefl export > swipes.jsonl", "all of it; `swipefl ingest` takes it back"),),
    "swipefl backup": (
        ("swipefl backup ~/swipes.backup", "one file, while others go on"),
        ("swipefl backup - | gpg --encrypt --default-recipient-self > swipes.gpg", "which only you can read"),
    ),
    "swipefl restore": (
        ("swipefl restore ~/swipes.backup", "asks before it changes anything"),
        ("gpg --decrypt swipes.gpg | swipefl restore - --yes", "likewise in a script, without a question"),
    ),
    "swipefl enroll": (
        ("swipefl enroll swipes.example.org:8443 --token-file token.txt", "join with a one-time token"),
        ("swipefl enroll localhost:8443 --token - --yes < token.txt", "likewise in a script"),
    ),
    "swipefl sync": (
        ("swipefl sync", "send what waits, fetch what is new"),
        ("swipefl sync --pull", "only fetch"),
    ),
    "swipefl leave": (("swipefl leave", "belong to no federation any more"),),
    "swipefl config": (
        ("swipefl config", "every setting, and where its value comes from"),
        ("swipefl config --default > config.toml", "a file to begin with; it belongs into the home"),
    ),
    "swipefl serve": (
        ("swipefl serve --open", "the page to swipe on, in your browser"),
        ("swipefl serve --host 0.0.0.0 --insecure", "for the phone in your own network"),
    ),
    "swipefl practise": (("swipefl practise", "five minutes of sentences for a first model"),),
    "swipefl simulate": (
        ("swipefl simulate people.jsonl --rounds 5 --out simulated", "a federation of the file's people"),
        ("swipefl simulate people.jsonl --eval others.jsonl --rule median", "judged on others"),
    ),
    "swipefl completion": (
        ("source <(swipefl completion bash)", "in ~/.bashrc; zsh likewise, in ~/.zshrc"),
        ("swipefl completion fish > ~/.config/fish/completions/swipefl.fish", "for fish"),
    ),
    "swipefl timer": (
        ("swipefl timer install --at 02:30", "every night, from now on"),
        ("swipefl timer remove", "no longer"),
    ),
    "swipefl timer install": (
        ("swipefl timer install", "reads ~/.local/share/keyboard/swipes.jsonl and learns, at three"),
        ("swipefl timer install ~/phone/swipes --at 02:30", "reads what lies in a folder"),
        ("swipefl timer install --print", "the units, and nothing is changed"),
    ),
    "swipefl timer remove": (("swipefl timer remove", "your swipes and models stay"),),
    "swipefl words": (
        ("swipefl words add Zuzanka", "a word that can be swiped from now on"),
        ("swipefl words list", "yours, and the hidden ones"),
    ),
    "swipefl words add": (
        ("swipefl words add Zuzanka", "in all your languages"),
        ("swipefl words add Straße --language de", "in one of them"),
    ),
    "swipefl words remove": (("swipefl words remove Zuzanka", "as it is listed; case does not matter"),),
    "swipefl words hide": (("swipefl words hide duck", "it is not offered any more"),),
    "swipefl words unhide": (("swipefl words unhide duck", "it is offered again"),),
    "swipefl words list": (("swipefl words list --json", "for a program"),),
    "swipefl words phrases": (("swipefl words phrases", "what follows what, in your swipes"),),
    "swipefl keyboards": (
        ("swipefl keyboards list", "the layouts that are known"),
        ("swipefl keyboards show qwertz", "one of them, drawn"),
    ),
    "swipefl keyboards list": (("swipefl keyboards list", "your own last"),),
    "swipefl keyboards show": (("swipefl keyboards show qwertz --json", "its keys and where they are"),),
    "swipefl keyboards add": (
        ("swipefl keyboards add layout.json", "a file that says where the keys are"),
        (
            'swipefl keyboards add --rows "qwertyuiop asdfghjkl zxcvbnm" --language en --name mine',
            "or its rows alone",
        ),
    ),
    "swipefl keyboards remove": (("swipefl keyboards remove mine", "one of your own, which no swipe is of"),),
    "swipefl lexicons": (
        ("swipefl lexicons list", "the languages that there are words of"),
        ("swipefl lexicons add words.txt --language sk", "a list of your own"),
    ),
    "swipefl lexicons list": (("swipefl lexicons list --json", "for a program"),),
    "swipefl lexicons add": (
        ("swipefl lexicons add words.txt --language sk", "a word a line, the frequent ones first"),
        ("swipefl lexicons add --from-wordfreq sk --language sk", "out of the package wordfreq"),
    ),
    "swipefl lexicons remove": (("swipefl lexicons remove sk", "one of your own"),),
    "swipefl coordinator": (
        ("swipefl coordinator init", "once"),
        ("swipefl coordinator token --name anna", "for each device"),
        ("swipefl coordinator serve --tls-cert cert.pem --tls-key key.pem", "until it is stopped"),
    ),
    "swipefl coordinator init": (("swipefl coordinator init --home /srv/swipefl", "a key and version 1"),),
    "swipefl coordinator serve": (
        ("swipefl coordinator serve --tls-cert cert.pem --tls-key key.pem", "over TLS"),
        ("swipefl coordinator serve --listen localhost:8443 --metrics localhost:9100", "on this machine, with metrics"),
    ),
    "swipefl coordinator config": (
        ("swipefl coordinator config", "every setting, and where its value comes from"),
        ("swipefl coordinator config --default > coordinator.toml", "a file to begin with"),
    ),
    "swipefl coordinator token": (
        ("swipefl coordinator token --name anna", "for one device"),
        ("swipefl coordinator token --count 20 --expires-h 24", "twenty, for a day"),
    ),
    "swipefl coordinator devices": (
        ("swipefl coordinator devices", "the first ones, and what they sent"),
        ("swipefl coordinator devices --after 5e0d4c8a91b7f320", "those that enrolled behind that one"),
        ("swipefl coordinator devices --state silent", "who has not called for 30 days"),
        ("swipefl coordinator devices --revoke 5e0d4c", "refuse one from now on"),
    ),
    "swipefl coordinator backup": (
        ("swipefl coordinator backup state.backup --signing-key key.backup", "keep the two apart"),
    ),
    "swipefl coordinator restore": (
        ("swipefl coordinator restore state.backup --signing-key key.backup", "on the same machine, or another"),
    ),
    "swipefl coordinator publish": (
        ("swipefl coordinator publish model.safetensors", "a checkpoint as the next version"),
    ),
    "swipefl coordinator status": (("swipefl coordinator status --json", "for a program"),),
    "swipefl coordinator doctor": (
        ("swipefl coordinator doctor", "a line each, and what to do"),
        ("swipefl coordinator doctor --json || echo unwell", "in a script: exit code 9 where something is wrong"),
    ),
    "swipefl coordinator rollback": (("swipefl coordinator rollback 3", "version 3's weights as a new version"),),
    "swipefl coordinator rotate-key": (("swipefl coordinator rotate-key", "devices follow at their next visit"),),
    "swipefl flower": (
        ("swipefl flower init federation", "once"),
        ("swipefl flower run federation --superlink flower.example.org:8000 --ca ca.pem", "to its last round"),
    ),
    "swipefl flower init": (
        ("swipefl flower init federation", "between coordinators"),
        ("swipefl flower init lab --nodes devices", "over devices that are always on"),
    ),
    "swipefl flower run": (
        ("swipefl flower run federation --superlink flower.example.org:8000 --ca ca.pem", "over TLS"),
        ("swipefl flower run --json >> rounds.jsonl", "the project of this folder, on this machine"),
    ),
}
