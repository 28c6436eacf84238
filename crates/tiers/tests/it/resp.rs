//! A Redis server of one's own, and just enough of its protocol (RESP2) to ask it something.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// A server without persistence that listens on a socket in a folder of its own.
pub(crate) struct Server {
    process: Child,
    folder: TempDir,
}

impl Server {
    /// Starts one; `None` if there is none on this machine.
    pub(crate) fn start(options: &[(&str, &str)]) -> Option<Server> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        // Only a cluster's bus uses it.
        let free_port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--bind", "127.0.0.1", "--unixsocket"])
            .arg(&socket)
            .args(["--cluster-port", &free_port.to_string(), "--dir"])
            .arg(folder.path())
            .args(options.iter().flat_map(|(name, value)| [*name, *value]))
            .stdout(Stdio::null())
            .spawn();
        Some(Server { process: process.ok()?, folder })
    }

    /// Connects, once the server is up.
    pub(crate) fn connect(&self) -> Client {
        let socket = self.folder.path().join("socket");
        let stream = (0..200).find_map(|_| connect(&socket)).expect("the server starts in 10 s");
        Client { replies: BufReader::new(stream.try_clone().unwrap()), requests: stream }
    }
}

fn connect(socket: &Path) -> Option<UnixStream> {
    let stream = UnixStream::connect(socket);
    if stream.is_err() {
        std::thread::sleep(Duration::from_millis(50));
    }
    stream.ok()
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that is gone already is no failure.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A connection.
pub(crate) struct Client {
    requests: UnixStream,
    replies: BufReader<UnixStream>,
}

impl Client {
    /// Sends a command; its reply is to be read.
    pub(crate) fn send(&mut self, words: &[&str]) {
        let mut bytes = format!("*{}\r\n", words.len());
        for word in words {
            bytes.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.requests.write_all(bytes.as_bytes()).unwrap();
    }

    /// The next reply: text, a number as text, or nothing. Errors are not expected.
    pub(crate) fn reply(&mut self) -> Option<String> {
        let mut line = String::new();
        self.replies.read_line(&mut line).unwrap();
        let (kind, rest) = line.trim_end().split_at(1);
        match kind {
            "+" | ":" => Some(rest.to_string()),
            "$" if rest == "-1" => None,
            "$" => {
                let mut bytes = vec![0; rest.parse::<usize>().unwrap() + 2];
                self.replies.read_exact(&mut bytes).unwrap();
                bytes.truncate(bytes.len() - 2);
                Some(String::from_utf8(bytes).unwrap())
            }
            _ => panic!("redis-server says {line}"),
        }
    }

    /// A command and its reply.
    pub(crate) fn ask(&mut self, words: &[&str]) -> Option<String> {
        self.send(words);
        self.reply()
    }

    /// A command that answers with a number.
    pub(crate) fn number(&mut self, words: &[&str]) -> u64 {
        self.ask(words).unwrap().parse().unwrap()
    }

    /// A field of INFO.
    pub(crate) fn info(&mut self, section: &str, field: &str) -> u64 {
        let info = self.ask(&["INFO", section]).unwrap();
        let line = info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.unwrap().parse().unwrap()
    }
}
