//! A project with a database, and what is asked of that behind its back.

use plimsoll_testkit::fixtures::Postgres;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection, Executor, Row};

use crate::project::Project;

/// A project whose `web` has a database, on SQLite or on `PostgreSQL`.
pub struct Scene {
    pub project: Project,
    pub server: Option<Postgres>,
}

const KEPT: &str = "shared = [\"data\"]";

impl Scene {
    pub fn on_sqlite() -> Self {
        let project = Project::of(&[("web", KEPT)]);
        project.append("\n[databases.main]\nkind = \"sqlite\"\nmigrations = \"migrations\"\ncomponent = \"web\"\nfile = \"data/web.db\"\n");
        Self::begun(project, None)
    }

    pub fn on_postgres() -> Self {
        let server = Postgres::new();
        let project = Project::of(&[("web", "secrets = [\"DATABASE_URL\"]")]);
        project.write(".url", &server.url("postgres"));
        project.append("\n[databases.main]\nkind = \"postgres\"\nmigrations = \"migrations\"\nurl = { secret = \"DATABASE_URL\" }\n");
        project.append("\n[secrets]\ncommands = { DATABASE_URL = \"cat .url\" }\n");
        Self::begun(project, Some(server))
    }

    fn begun(project: Project, server: Option<Postgres>) -> Self {
        let scene = Self { project, server };
        scene.migration("0001_notes", "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)", Some("DROP TABLE notes"));
        scene
    }

    pub fn migration(&self, name: &str, up: &str, down: Option<&str>) {
        self.project.write(&format!("migrations/{name}.up.sql"), up);
        down.inspect(|down| self.project.write(&format!("migrations/{name}.down.sql"), down));
    }

    /// A second version: with a column more, and a table.
    pub fn second(&self) {
        self.project.service("web", "2");
        self.migration("0002_author", "ALTER TABLE notes ADD COLUMN author TEXT DEFAULT 'somebody'", Some("ALTER TABLE notes DROP COLUMN author"));
        self.migration("0003_tags", "CREATE TABLE tags (name TEXT)", Some("DROP TABLE tags"));
    }

    /// The first column of what a query gives.
    pub fn ask(&self, sql: &str) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread can wait");
        let sql = AssertSqlSafe(sql.to_owned());
        runtime.block_on(async {
            match &self.server {
                Some(server) => {
                    let mut connection = PgConnection::connect(&server.url("postgres")).await.expect("the server answers");
                    let rows = connection.fetch_all(sqlx::query(sql)).await.expect("it is a query");
                    rows.iter().map(|row| row.get::<String, _>(0)).collect()
                }
                None => {
                    let file = self.project.home.path().join("environments/tiny/local/shared/web/data/web.db");
                    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.expect("the file is there");
                    let rows = connection.fetch_all(sqlx::query(sql)).await.expect("it is a query");
                    rows.iter().map(|row| row.get::<String, _>(0)).collect()
                }
            }
        })
    }

    /// Runs what gives nothing, on the server.
    pub fn execute(&self, sql: &str) {
        let server = self.server.as_ref().expect("it is on a server");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread can wait");
        runtime.block_on(async {
            let mut connection = PgConnection::connect(&server.url("postgres")).await.expect("the server answers");
            connection.execute(AssertSqlSafe(sql.to_owned())).await.expect("it can be run");
        });
    }

    /// All columns of all tables, but those of the book of migrations; and the migrations in it.
    pub fn schema(&self) -> Vec<String> {
        let columns = match &self.server {
            Some(_) => {
                "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations' ORDER BY 1"
            }
            None => "SELECT sql FROM sqlite_master WHERE name NOT LIKE '%_sqlx_migrations%' ORDER BY 1",
        };
        let mut schema = self.ask(columns);
        schema.extend(self.ask("SELECT CAST(version AS TEXT) FROM _sqlx_migrations ORDER BY 1"));
        schema
    }
}

/// Checks it on each of them.
pub fn on_each(check: impl Fn(&Scene)) {
    [Scene::on_sqlite, Scene::on_postgres].iter().for_each(|scene| check(&scene()));
}

/// Which of the events that were told is the first that a step was begun, done or undone.
pub fn place(told: &str, step: &str, what: &str) -> usize {
    let found = told.lines().position(|line| line.contains(step) && line.contains(&format!("\"what\":\"{what}\"")));
    found.unwrap_or_else(|| panic!("{step} is never {what}: {told}"))
}
