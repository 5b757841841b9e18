//! The table of keys: everything that may stand in a manifest.
//!
//! A new key is a line here and a line where it is made part of the project ([`super::component`],
//! [`super::environment`]); a test fails for a key that has no effect.

mod requirements;

use self::requirements::REQUIREMENTS;
use super::rules::{
    APPROVER, BRANCH, COMMAND, DESTINATION, DIRECTORY, FILE, HEALTH_PATH, HOST_KEY, MAIL, NAME, PERCENTAGE, PREFIX, RECIPIENT, REGION, SSH_HOST,
    STORE, USER, VARIABLE, VERSION, WEB_HOST,
};
use super::shape::{Choice, Key, Shape, Table};

/// The manifest itself.
pub(super) static MANIFEST: Table = Table {
    name: "manifest",
    doc: "A project: its components, and the environments that they are deployed to.",
    one_of: &[],
    keys: &[
        Key::new("name", Shape::Text(&NAME), "\"shop\"", "Name of the project: letters a-z, digits and '-', at most 40.").required(),
        Key::new("version", Shape::Text(&VERSION), "\"1.4.0\"", "Version of what is deployed. Without it, releases are called after their commit."),
        Key::new("components", Shape::Map(&NAME, &Shape::Table(&COMPONENT)), "{ web = { run = \"./web\" } }", "The deployable parts, by name.")
            .required(),
        Key::new(
            "environments",
            Shape::Map(&NAME, &Shape::Table(&ENVIRONMENT)),
            "{ dev = { hosts = [\"deploy@dev.shop.example\"] } }",
            "The places to deploy to, by name. `local`, this machine, is always there.",
        ),
        Key::new("hooks", Shape::Table(&HOOKS), "{ before_build = \"./check.sh\" }", "Commands run on the operator's machine at certain moments."),
        Key::new(
            "secrets",
            Shape::Table(&SECRETS),
            "{ command = \"pass show shop/$PLIMSOLL_SECRET\" }",
            "Where the values of secrets come from, beside the variables of whoever deploys.",
        ),
        Key::new(
            "databases",
            Shape::Map(&NAME, &Shape::Table(&DATABASE)),
            "{ main = { kind = \"postgres\", url = { secret = \"DATABASE_URL\" }, migrations = \"migrations\" } }",
            "The databases, by name. A deployment brings each to the migrations of its source.",
        ),
    ],
};

/// A component.
pub(super) static COMPONENT: Table = Table {
    name: "component",
    doc: "A deployable part of the project. What it is follows from its `run` or `site`.",
    one_of: &[&["run"], &["site"]],
    keys: &[
        Key::new("path", Shape::Path, "\"backend\"", "Its folder, relative to the project's.").default("\".\"").fixed(),
        Key::new("sources", Shape::List(&Shape::Path), "[\"shared/proto\"]", "Files and folders of the project that it is made from as well.")
            .fixed(),
        Key::new(
            "build",
            Shape::Either(&[Shape::Text(&COMMAND), Shape::Table(&BUILD)]),
            "{ command = \"cargo build --release\", output = [\"target/release/backend\"] }",
            "How it is built: a command, or a table. Without it, its folder is its release.",
        )
        .fixed(),
        Key::new("test", Shape::Text(&COMMAND), "\"cargo test\"", "Command that tests it after its build, in its folder.").fixed(),
        Key::new(
            "run",
            Shape::Text(&COMMAND),
            "\"./backend\"",
            "Command line of the program, run in the release's folder. It gets `PORT`, and answers there.",
        ),
        Key::new("site", Shape::Path, "\"dist\"", "Folder of the release that the route serves as a static site."),
        Key::new("spa", Shape::Flag, "true", "Answers a site's unknown paths with its `index.html` (single-page application).").default("false"),
        Key::new(
            "health",
            Shape::Either(&[Shape::Text(&HEALTH_PATH), Shape::Table(&HEALTH)]),
            "\"/health\"",
            "How to find out whether it serves: a path, or a table. By default its port must accept connections when it has a route, and it \
             must stay up for 1s when it has none.",
        ),
        Key::new("route", Shape::Table(&ROUTE), "{ host = \"api.shop.example\" }", "Where its traffic comes from. A site needs one."),
        Key::new("env", Shape::Map(&VARIABLE, &Shape::Scalar), "{ LOG = \"info\" }", "Environment variables. `PORT` is reserved."),
        Key::new(
            "secrets",
            Shape::List(&Shape::Text(&VARIABLE)),
            "[\"DATABASE_URL\"]",
            "Names of the secrets that it gets as environment variables.",
        ),
        Key::new("depends_on", Shape::List(&Shape::Text(&NAME)), "[\"db\"]", "Components that must serve before it."),
        Key::new("shared", Shape::List(&Shape::Path), "[\"uploads\"]", "Files and folders, relative to the release, that outlive releases."),
        Key::new("user", Shape::Text(&USER), "\"shop\"", "The user that it runs as, where the host allows it."),
        Key::new("limits", Shape::Table(&LIMITS), "{ memory = \"512MB\" }", "What it may use of its host."),
        Key::new("start_timeout", Shape::Duration { min_ms: 1 }, "\"45s\"", "How long it may take until it is healthy.").default("\"30s\""),
        Key::new(
            "drain_timeout",
            Shape::Duration { min_ms: 0 },
            "\"20s\"",
            "How long it may take to finish its requests and stop; then it is killed.",
        )
        .default("\"10s\""),
        Key::new(
            "strategy",
            Shape::Choice(&[
                Choice::new("blue-green"),
                Choice::new("recreate"),
                Choice::new("rolling"),
                Choice { word: "canary", available: false },
                Choice { word: "reload", available: false },
            ]),
            "\"blue-green\"",
            "How it is replaced: `blue-green` starts the new one beside the old one (default with a route, and what a site always does), \
             `recreate` stops the old one first (default without a route). These replace it on all hosts at once; `rolling` goes on to the next \
             hosts when those before are verified, and does on each what is the default there.",
        ),
        Key::new(
            "max_unavailable",
            Shape::Either(&[Shape::Count { min: 1, max: 1000, code: "bad-number" }, Shape::Text(&PERCENTAGE)]),
            "\"25%\"",
            "With `rolling`, how many of its hosts are replaced at once: a number, or a percentage, rounded down to whole hosts and at least one.",
        )
        .default("1"),
        Key::new(
            "on",
            Shape::Either(&[Shape::Text(&NAME), Shape::List(&Shape::Text(&NAME))]),
            "\"worker\"",
            "Label of the hosts that it goes to, or a list of labels of which a host has one. Without it, all hosts of the environment. \
             `local` takes everything.",
        ),
        Key::new("image", Shape::NotYet("container images"), "", ""),
        Key::new("compose", Shape::NotYet("compose projects"), "", ""),
        Key::new("config", Shape::NotYet("configuration bundles"), "", ""),
        Key::new("stack", Shape::NotYet("stacks"), "", ""),
    ],
};

/// A database.
pub(super) static DATABASE: Table = Table {
    name: "database",
    doc: "A database, and the migrations that make its schema. They are run on one host, before the components that use it: those that have its \
          secret, or its file.",
    one_of: &[],
    keys: &[
        Key::new(
            "kind",
            Shape::Choice(&[
                Choice::new("sqlite"),
                Choice::new("postgres"),
                Choice::new("mysql"),
                Choice::new("mariadb"),
            ]),
            "\"postgres\"",
            "What it is.",
        )
        .required(),
        Key::new(
            "migrations",
            Shape::Path,
            "\"backend/migrations\"",
            "Folder with its migrations: `0001_NAME.up.sql` each, and `0001_NAME.down.sql` to undo it. With `migrate`, those of the tool, whatever \
             they look like.",
        )
        .required(),
        Key::new(
            "migrate",
            Shape::Table(&MIGRATE),
            "{ up = \"alembic upgrade head\", status = \"alembic current | cut -d' ' -f1\" }",
            "The project's own tool, which applies them in the place of Plimsoll.",
        ),
        Key::new(
            "exclusive",
            Shape::Flag,
            "true",
            "Nothing may write while its migrations are applied: all that depends on it is stopped before, and started when that is done. Requests to it \
             fail meanwhile.",
        )
        .default("false"),
        Key::new("url", Shape::Table(&DATABASE_URL), "{ secret = \"DATABASE_URL\" }", "Where the server is."),
        Key::new(
            "user",
            Shape::Text(&USER),
            "\"postgres\"",
            "With a server: the user of the host as whom it is asked, for a login by peer authentication. Where the daemon is root, its policy has to allow it.",
        ),
        Key::new(
            "component",
            Shape::Text(&NAME),
            "\"web\"",
            "With SQLite: the component that has the file in its `shared` paths. With `migrate`: the one whose release has the tool.",
        ),
        Key::new("file", Shape::Path, "\"data/shop.db\"", "With SQLite: the file, relative to the release of that component."),
        Key::new(
            "on",
            Shape::Either(&[Shape::Text(&NAME), Shape::List(&Shape::Text(&NAME))]),
            "\"database\"",
            "Label of the host that runs its migrations, the first that has it. Without it, the environment's first host.",
        ),
    ],
};

/// A tool of the project's own.
static MIGRATE: Table = Table {
    name: "migrate",
    doc: "A tool that applies the migrations of a database: Alembic, Prisma, Rails and the like. Its command lines are run by `/bin/sh -c` in the new \
          release of `component`, with that component's variables, secrets and user, when the content of `migrations` is another one.",
    one_of: &[],
    keys: &[
        Key::new("up", Shape::Text(&COMMAND), "\"alembic upgrade head\"", "Applies all that the release has, and does nothing where that is done.")
            .required(),
        Key::new(
            "down",
            Shape::Text(&COMMAND),
            "\"alembic downgrade ${PLIMSOLL_TARGET:-base}\"",
            "Leads back to the level that `status` had printed, which is in `PLIMSOLL_TARGET`. Without it, migrations are not undone.",
        ),
        Key::new(
            "status",
            Shape::Text(&COMMAND),
            "\"alembic current | cut -d' ' -f1\"",
            "Prints the level of the schema: the same words whenever the schema is the same, and other words when it is another one.",
        )
        .required(),
        Key::new("timeout", Shape::Duration { min_ms: 1_000 }, "\"30m\"", "How long one run may take; then it is ended.").default("\"10m\""),
    ],
};

/// Where a database is.
static DATABASE_URL: Table = Table {
    name: "database_url",
    doc: "The URL of a database, which is a secret.",
    one_of: &[],
    keys: &[Key::new(
        "secret",
        Shape::Text(&VARIABLE),
        "\"DATABASE_URL\"",
        "Name of the secret that holds it: `postgres://USER:PASSWORD@HOST/NAME`.",
    )
    .required()],
};

/// How a component is built.
static BUILD: Table = Table {
    name: "build",
    doc: "How a component is built.",
    one_of: &[],
    keys: &[
        Key::new("command", Shape::Text(&COMMAND), "\"npm ci && npm run build\"", "Command line, run by `/bin/sh -c` in the component's folder.")
            .required(),
        Key::new(
            "output",
            Shape::List(&Shape::Path),
            "[\"target/release/backend\"]",
            "What it gives, relative to the component's folder. Each lands in the release under its last name; `.` is the whole folder.",
        )
        .default("[\".\"]"),
    ],
};

/// How to find out whether a component serves.
pub(super) static HEALTH: Table = Table {
    name: "health",
    doc: "How to find out whether a component serves: by one of `path`, `connect` and `stays_up`.",
    one_of: &[],
    keys: &[
        Key::new("path", Shape::Text(&HEALTH_PATH), "\"/health\"", "A GET of this path answers with a status of 200 to 299."),
        Key::new("connect", Shape::Flag, "true", "Its port accepts a connection."),
        Key::new("stays_up", Shape::Duration { min_ms: 1 }, "\"2s\"", "Its program is still up after this time: for what listens nowhere."),
        Key::new("interval", Shape::Duration { min_ms: 10 }, "\"2s\"", "Time between two tries. The first ones come quicker.").default("\"1s\""),
        Key::new("timeout", Shape::Duration { min_ms: 10 }, "\"2s\"", "Longest time for one try.").default("\"5s\""),
    ],
};

/// Where traffic comes from.
static ROUTE: Table = Table {
    name: "route",
    doc: "Which requests a component gets.",
    one_of: &[],
    keys: &[
        Key::new(
            "port",
            Shape::Count { min: 1, max: 65535, code: "bad-port" },
            "8443",
            "Port that people use. By default 80 on hosts and 8080 on this machine; with `tls`, 443 and 8443.",
        ),
        Key::new("host", Shape::Text(&WEB_HOST), "\"api.shop.example\"", "Host name that the request asks for; any when absent."),
        Key::new("path", Shape::Text(&PREFIX), "\"/api\"", "Path prefix, on whole segments.").default("\"/\""),
        Key::new("strip_prefix", Shape::Flag, "true", "Takes the prefix off the path before the component sees it.").default("false"),
        Key::new("public_status", Shape::Flag, "true", "Answers `/_deploy/health` and `/_deploy/status` to others than this machine.")
            .default("false"),
        Key::new("timeout", Shape::Duration { min_ms: 1 }, "\"10s\"", "How long a request may wait for the first byte of its answer.")
            .default("\"60s\""),
        Key::new("tls", Shape::Table(&TLS), TLS_EXAMPLE, "Its certificate, where it is not that of the environment: with one, it speaks HTTPS."),
    ],
};

/// A certificate in the manifest.
const TLS_EXAMPLE: &str = "{ certificate = \"certs/shop.pem\", key = { secret = \"TLS_KEY\" } }";

/// The certificate of routes.
pub(super) static TLS: Table = Table {
    name: "tls",
    doc: "A certificate from an authority or from files, and what comes with HTTPS. Files are read where plimsoll is called, not from the commit that is deployed.",
    one_of: &[&["certificate", "key"], &["acme"]],
    keys: &[
        Key::new(
            "certificate",
            Shape::Text(&FILE),
            "\"certs/shop.pem\"",
            "PEM file with the certificate, followed by those that lead to its authority. Relative to the project's folder, or absolute.",
        ),
        Key::new(
            "key",
            Shape::Either(&[Shape::Text(&FILE), Shape::Table(&TLS_KEY)]),
            "{ secret = \"TLS_KEY\" }",
            "Its private key: a PEM file, or the secret that holds its text.",
        ),
        Key::new(
            "acme",
            Shape::Either(&[Shape::Text(&MAIL), Shape::Table(&ACME)]),
            "\"ops@shop.example\"",
            "In place of both: the host has an authority issue the certificate and renews it. The mail address of who is responsible, or more.",
        ),
        Key::new(
            "redirect_from",
            Shape::Either(&[Shape::Count { min: 1, max: 65535, code: "bad-port" }, Shape::Flag]),
            "8000",
            "Port of plain HTTP from where requests are sent to HTTPS; `false` for none. By default 80 on hosts, and 8080 on this machine.",
        ),
        Key::new("hsts", Shape::Duration { min_ms: 0 }, "\"365d\"", "For how long browsers come by HTTPS only; `\"0s\"` has them forget that.")
            .default("\"180d\""),
    ],
};

/// An authority that issues certificates.
static ACME: Table = Table {
    name: "acme",
    doc: "An authority that issues certificates by ACME (RFC 8555), once it has fetched a proof by plain HTTP from the host name.",
    one_of: &[],
    keys: &[
        Key::new("contact", Shape::Text(&MAIL), "\"ops@shop.example\"", "Mail address of who is responsible, to whom the authority writes.")
            .required(),
        Key::new(
            "directory",
            Shape::Text(&DIRECTORY),
            "\"https://acme-staging-v02.api.letsencrypt.org/directory\"",
            "URL of its directory. By default that of Let's Encrypt.",
        ),
        Key::new(
            "root",
            Shape::Text(&FILE),
            "\"certs/our-authority.pem\"",
            "PEM file of what its own server is trusted by, where not everybody trusts it.",
        ),
    ],
};

/// A private key that lies in no file.
static TLS_KEY: Table = Table {
    name: "tls_key",
    doc: "A private key that is a secret.",
    one_of: &[],
    keys: &[Key::new("secret", Shape::Text(&VARIABLE), "\"TLS_KEY\"", "Name of the secret that holds the text of the PEM file.").required()],
};

/// What a component may use.
static LIMITS: Table = Table {
    name: "limits",
    doc: "What a component may use of its host. What is absent has no limit.",
    one_of: &[],
    keys: &[
        Key::new("memory", Shape::Size, "\"512MB\"", "Address space of each of its processes."),
        Key::new("open_files", Shape::Count { min: 1, max: 1 << 30, code: "bad-number" }, "1024", "Open files of each of its processes."),
        Key::new("processes", Shape::Count { min: 1, max: 1 << 30, code: "bad-number" }, "64", "Processes of its user."),
        Key::new("cpu", Shape::Duration { min_ms: 1_000 }, "\"60s\"", "CPU time of each of its processes, rounded up to seconds."),
    ],
};

/// An environment.
pub(super) static ENVIRONMENT: Table = Table {
    name: "environment",
    doc: "A place to deploy to.",
    one_of: &[],
    keys: &[
        Key::new("branch", Shape::Text(&BRANCH), "\"main\"", "Branch that it takes its source from. Without it, the one that is checked out."),
        Key::new(
            "hosts",
            Shape::List(&Shape::Either(&[Shape::Text(&SSH_HOST), Shape::Table(&HOST)])),
            "[\"deploy@a.shop.example\", { host = \"deploy@b.shop.example\", labels = [\"worker\"] }]",
            "Its hosts, written as after `ssh`, or as a table with labels; the first one keeps its records. Every environment but `local` needs them.",
        ),
        Key::new("lease", Shape::Duration { min_ms: 1_000 }, "\"20s\"", "How long a deployment stays claimed when nobody renews the claim.")
            .default("\"30s\""),
        Key::new("keep_releases", Shape::Count { min: 2, max: 1000, code: "bad-number" }, "3", "Releases of each component that are kept.")
            .default("5"),
        Key::new("confirm", Shape::Flag, "true", "Waits for a yes before it deploys. By default only in `production`."),
        Key::new(
            "work_tree",
            Shape::Flag,
            "true",
            "Deploys the work tree as it is, uncommitted changes included. By default only in `local`, when it names no branch.",
        ),
        Key::new(
            "agents",
            Shape::Choice(&[Choice::new("observe"), Choice::new("plan"), Choice::new("deploy")]),
            "\"deploy\"",
            "What AI agents may do there by `plimsoll mcp`: see what is there (`observe`), see what would be done (`plan`), or do it (`deploy`, the default in \
             `local`; `plan` elsewhere). The hosts hold them to it. What is looser than before is in force once a person has deployed it.",
        ),
        Key::new(
            "approvers",
            Shape::List(&Shape::Text(&APPROVER)),
            "[\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILsBsh9SaLXNCDRLV02j/hm1VSg19LVKkl7xL1qMZ/dF ada@desk\"]",
            "Who can approve plans, where `requires.approval` wants that: SSH public keys (ed25519, ECDSA, RSA, also in hardware). Whoever is on record has \
             to approve the plan that changes this list.",
        ),
        Key::new("env", Shape::Map(&VARIABLE, &Shape::Scalar), "{ LOG = \"debug\" }", "Environment variables for all of its components."),
        Key::new(
            "components",
            Shape::Map(&NAME, &Shape::Overrides(&COMPONENT)),
            "{ web = { drain_timeout = \"1m\" } }",
            "What is different here, by component. A value replaces that of the component; `env` is merged into it.",
        ),
        Key::new(
            "secrets",
            Shape::Table(&SECRETS),
            "{ command = \"op read op://production/$PLIMSOLL_SECRET/value\" }",
            "Where the values of its secrets come from. A value replaces that of the project; `commands` are merged.",
        ),
        Key::new("tls", Shape::Table(&TLS), TLS_EXAMPLE, "Certificate of all of its routes that name none of their own: they speak HTTPS."),
        Key::new("requires", Shape::Table(&REQUIREMENTS), "{ backup = false }", "What has to be before anything is changed here."),
        Key::new("backups", Shape::Table(&BACKUPS), "{ keep = 10, max_age = \"1d\" }", "Backups of its databases."),
    ],
};

/// Backups of an environment's databases.
static BACKUPS: Table = Table {
    name: "backups",
    doc: "Backups of an environment's databases.",
    one_of: &[],
    keys: &[
        Key::new(
            "keep",
            Shape::Count { min: 1, max: 1000, code: "bad-number" },
            "10",
            "How many of each database are kept; the last verified one always is. By default 10 in `production`, 5 elsewhere.",
        ),
        Key::new(
            "every",
            Shape::Duration { min_ms: 60_000 },
            "\"1d\"",
            "How often the host takes one by itself, whoever took the last one. Without it, only deployments and `plimsoll backup create` do.",
        ),
        Key::new(
            "max_age",
            Shape::Duration { min_ms: 60_000 },
            "\"1d\"",
            "How old the last verified one may be: `plimsoll status --strict` fails when it is older, or when there is none. By default twice `every`.",
        ),
        Key::new("copy", Shape::Table(&COPY), COPY_EXAMPLE, "Copies of them elsewhere: the host that has a database may be lost with its backups."),
    ],
};

const COPY_EXAMPLE: &str = "{ to = \"s3://shop-backups\", access_key = { secret = \"S3_ACCESS_KEY\" }, secret_key = { secret = \"S3_SECRET_KEY\" } }";

/// Copies of backups.
static COPY: Table = Table {
    name: "copy",
    doc: "Where each verified backup is copied to: a store that speaks the protocol of Amazon S3, or a folder of another machine.",
    one_of: &[],
    keys: &[
        Key::new(
            "to",
            Shape::Text(&DESTINATION),
            "\"s3://shop-backups/production\"",
            "The bucket and what names in it begin with; or `sftp://USER@HOST/FOLDER`.",
        )
        .required(),
        Key::new("endpoint", Shape::Text(&STORE), "\"https://s3.store.example\"", "With S3: the URL of the store. By default Amazon's own."),
        Key::new("region", Shape::Text(&REGION), "\"eu-central-1\"", "With S3: its region. By default `us-east-1`."),
        Key::new("access_key", Shape::Table(&COPY_SECRET), "{ secret = \"S3_ACCESS_KEY\" }", "With S3: the secret that holds the key's name."),
        Key::new("secret_key", Shape::Table(&COPY_SECRET), "{ secret = \"S3_SECRET_KEY\" }", "With S3: the secret that holds the key."),
        Key::new("ssh_key", Shape::Table(&COPY_SECRET), "{ secret = \"BACKUP_SSH_KEY\" }", "With SFTP: the secret that holds a private SSH key."),
        Key::new(
            "host_key",
            Shape::Text(&HOST_KEY),
            "\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILsBsh9SaLXNCDRLV02j/hm1VSg19LVKkl7xL1qMZ/dF\"",
            "With SFTP: the key that the machine is known by, as `ssh-keyscan HOST` prints it.",
        ),
        Key::new(
            "recipients",
            Shape::List(&Shape::Text(&RECIPIENT)),
            "[\"age1p9mv6fnehshhscumphd7jvaze4cr8emm66cpkvgw3ve7cc6lffxsmz5fra\"]",
            "Who can read them: they are encrypted with age. By default those who can read the environment's secrets; `[]` leaves them readable.",
        ),
        Key::new(
            "keep",
            Shape::Count { min: 1, max: 100_000, code: "bad-number" },
            "30",
            "How many of each database stay there. By default as many as stay on the host.",
        ),
    ],
};

/// A secret that a copy needs.
static COPY_SECRET: Table = Table {
    name: "copy_secret",
    doc: "A secret that copying needs.",
    one_of: &[],
    keys: &[Key::new("secret", Shape::Text(&VARIABLE), "\"S3_SECRET_KEY\"", "Its name.").required()],
};

/// A host of an environment.
static HOST: Table = Table {
    name: "host",
    doc: "A host of an environment with labels, by which components find it.",
    one_of: &[],
    keys: &[
        Key::new("host", Shape::Text(&SSH_HOST), "\"deploy@b.shop.example\"", "The host, written as after `ssh`.").required(),
        Key::new("labels", Shape::List(&Shape::Text(&NAME)), "[\"worker\"]", "What components ask for with `on`."),
    ],
};

/// Commands at certain moments.
static HOOKS: Table = Table {
    name: "hooks",
    doc: "Commands run on the operator's machine at certain moments, in the project's folder.",
    one_of: &[],
    keys: &[
        Key::new("before_build", Shape::Text(&COMMAND), "\"./check.sh\"", "Before anything is built. A failure ends the deployment."),
        Key::new("before_switch", Shape::Text(&COMMAND), "\"./ready.sh\"", "Before the first route is switched. A failure rolls back."),
        Key::new("after_commit", Shape::Text(&COMMAND), "\"./tell.sh\"", "After the commit. A failure is reported and changes nothing."),
        Key::new("after_rollback", Shape::Text(&COMMAND), "\"./alarm.sh\"", "After a roll back. A failure is reported and changes nothing."),
    ],
};

/// Where the values of secrets come from.
static SECRETS: Table = Table {
    name: "secrets",
    doc: "Where the value of a secret comes from. The first of these that has it counts: the variable of its name where plimsoll is called; the \
          file `.plimsoll/secrets/ENVIRONMENT.age`, which `plimsoll secrets set` writes; a command.",
    one_of: &[],
    keys: &[
        Key::new(
            "recipients",
            Shape::List(&Shape::Text(&RECIPIENT)),
            "[\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILsBsh9SaLXNCDRLV02j/hm1VSg19LVKkl7xL1qMZ/dF ada@desk\"]",
            "Who can read the file: SSH public keys (ed25519, RSA) and age recipients. After a change, `plimsoll secrets rekey` encrypts it anew.",
        ),
        Key::new(
            "commands",
            Shape::Map(&VARIABLE, &Shape::Text(&COMMAND)),
            "{ STRIPE_KEY = \"op read op://shop/stripe/key\" }",
            "A command for a secret, by its name. It is run in the project's folder and prints the value.",
        ),
        Key::new(
            "command",
            Shape::Text(&COMMAND),
            "\"pass show shop/$PLIMSOLL_SECRET\"",
            "A command for every secret that is found nowhere else and has no command of its own; it finds the name in `PLIMSOLL_SECRET`, the environment's in `PLIMSOLL_ENVIRONMENT`.",
        ),
    ],
};

/// All tables, for who wants to walk through all keys.
pub(super) static TABLES: &[&Table] = &[
    &MANIFEST,
    &COMPONENT,
    &DATABASE,
    &MIGRATE,
    &DATABASE_URL,
    &BUILD,
    &HEALTH,
    &ROUTE,
    &TLS,
    &ACME,
    &TLS_KEY,
    &LIMITS,
    &ENVIRONMENT,
    &REQUIREMENTS,
    &BACKUPS,
    &COPY,
    &COPY_SECRET,
    &HOST,
    &HOOKS,
    &SECRETS,
];
