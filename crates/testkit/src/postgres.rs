//! A private PostgreSQL server for a test run: a new cluster in a temporary folder, reachable through a socket in that
//! folder only, stopped when the last test that holds it ends.
//!
//! Nothing is downloaded and no server that runs already is touched. Where no server is installed the caller is told
//! so and must say so loudly, because a suite that silently ran on one database of two proves half of what it claims.
//! Durability is switched off; what survives a power loss is not this server's to show.

use std::{
    fs, io,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// What a test prints when there is no server to run on.
pub const SKIPPED: &str = "SKIPPED: no PostgreSQL server binary (looked in PATH and /usr/lib/postgresql/*/bin)";

/// How long a server may take to start or stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server of our own.
#[derive(Debug)]
pub struct Cluster {
    server: Child,
    programs: PathBuf,
    owner: Option<Owner>,
    folder: TempDir,
}

/// The user a server runs as when we are root, which it refuses to be.
#[derive(Clone, Copy, Debug)]
struct Owner {
    uid: u32,
    gid: u32,
}

/// The cluster the tests of this process share while any of them runs.
static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

impl Cluster {
    /// The cluster shared by this process, started if need be; `None` where no server is installed.
    pub fn shared() -> io::Result<Option<Arc<Self>>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cluster) = shared.upgrade() {
            return Ok(Some(cluster));
        }
        let Some(cluster) = Self::start()?.map(Arc::new) else { return Ok(None) };
        *shared = Arc::downgrade(&cluster);
        Ok(Some(cluster))
    }

    /// Starts a cluster; `None` where no server is installed.
    pub fn start() -> io::Result<Option<Self>> {
        let Some(programs) = programs() else { return Ok(None) };
        let owner = if is_root()? { Some(unprivileged_user()?) } else { None };
        let folder = tempfile::Builder::new().prefix("pomona-pg-").tempdir()?;
        if let Some(owner) = owner {
            chown(folder.path(), Some(owner.uid), Some(owner.gid))?;
        }
        let data = folder.path().join("data");
        run(command(&programs, "initdb", owner).arg("--pgdata").arg(&data).args([
            "--username=pomona",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]))?;
        let server = command(&programs, "postgres", owner)
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off"])
            .args(["-c", "synchronous_commit=off", "-c", "max_connections=200"])
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path().join("log"))?)
            .spawn()?;
        let mut cluster = Self { server, programs, owner, folder };
        cluster.wait_until_ready(&data)?;
        Ok(Some(cluster))
    }

    /// Creates an empty database and returns its address.
    pub fn database(&self, name: &str) -> io::Result<String> {
        let socket = self.folder.path().display().to_string();
        run(command(&self.programs, "createdb", self.owner).args(["-h", &socket, "-U", "pomona", name]))?;
        Ok(format!("postgres://pomona@{}/{name}", socket.replace('/', "%2F")))
    }

    fn wait_until_ready(&mut self, data: &Path) -> io::Result<()> {
        let started = Instant::now();
        let status = data.join("postmaster.pid");
        loop {
            // The last line of this file is the state of the server.
            if fs::read_to_string(&status).is_ok_and(|text| text.lines().last().is_some_and(|l| l.trim() == "ready")) {
                return Ok(());
            }
            if self.server.try_wait()?.is_some() || started.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                return Err(io::Error::other(format!("the test server of PostgreSQL did not start:\n{log}")));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's "fast shutdown": running statements are cancelled, everything is closed.
        let _ = Command::new("kill").args(["-INT", &self.server.id().to_string()]).status();
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if !matches!(self.server.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The folder of the server's programs; empty if they are on the path.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort_by_key(|folder| {
        let version = folder.parent().and_then(Path::file_name).and_then(|name| name.to_str()?.parse::<u32>().ok());
        std::cmp::Reverse(version)
    });
    versions.push(PathBuf::new());
    versions.into_iter().find(|folder| {
        ["initdb", "postgres", "createdb"].into_iter().all(|program| {
            let asked = Command::new(folder.join(program)).arg("--version").stdout(Stdio::null()).status();
            asked.is_ok_and(|status| status.success())
        })
    })
}

fn command(programs: &Path, program: &str, owner: Option<Owner>) -> Command {
    let mut command = Command::new(programs.join(program));
    // The folder we were started in may be closed to the server's user.
    command.current_dir("/");
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    command
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{} failed: {said}", command.get_program().display())))
}

fn is_root() -> io::Result<bool> {
    Ok(Command::new("id").arg("-u").output()?.stdout.starts_with(b"0\n"))
}

/// The user `postgres` if there is one, else `nobody`.
fn unprivileged_user() -> io::Result<Owner> {
    let users = fs::read_to_string("/etc/passwd")?;
    let named = |wanted: &str| {
        users.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let [name, _, uid, gid, ..] = fields[..] else { return None };
            (name == wanted).then_some(Owner { uid: uid.parse().ok()?, gid: gid.parse().ok()? })
        })
    };
    named("postgres")
        .or_else(|| named("nobody"))
        .ok_or_else(|| io::Error::other("no user to run PostgreSQL as: neither postgres nor nobody exists"))
}
