//! GET of a Redis, one connection, one request at a time.
//!
//! Speaks as much of RESP2 (the protocol of Redis, redis.io/docs/latest/develop/reference/protocol-spec)
//! as SET, GET and DEL need: a client library would be larger than all of this crate. Values are
//! written under keys of this program's own, expire by themselves after ten minutes, and are removed at
//! the end.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::stopwatch::Stopwatch;
use crate::{Error, Measured, in_turns};

/// Sizes that are measured.
pub const SIZES: [u64; 6] = [64, 1 << 10, 16 << 10, 256 << 10, 1 << 20, 4 << 20];
/// Bytes that are read of each size at most, so that large values do not take minutes.
const MOST_BYTES_A_SIZE: u64 = 1 << 30;
/// Time to live of the values written, in seconds.
const EXPIRES_S: &str = "600";
/// The longest that anything may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer taken for one.
const LONGEST_ANSWER: usize = 64 << 20;

/// Measures up to `n_samples` GETs of each size from the Redis at `address`.
///
/// # Errors
/// If the server cannot be reached, refuses a command, or does not answer in ten seconds.
pub fn measure(address: &str, n_samples: usize) -> Result<Measured, Error> {
    let fail = |what: String| Error::Redis { address: address.to_string(), what };
    let mut connection =
        Connection::open(address).map_err(|error| fail(format!("cannot connect: {error}")))?;
    let key = |size: u64| format!("cache-strategy:calibrate:{}:{size}", std::process::id());
    let mut run = || {
        for size in SIZES {
            let value = vec![b'x'; size as usize];
            connection.ask(&[b"SET", key(size).as_bytes(), &value, b"EX", EXPIRES_S.as_bytes()])?;
        }
        let stopwatch = Stopwatch::new();
        let n_samples = |size| n_samples.min((MOST_BYTES_A_SIZE / size) as usize);
        let measured = in_turns(&SIZES, n_samples, |size| {
            let name = key(size);
            let mut answer = Ok(Answer::Nothing);
            let took = stopwatch.time(|| answer = connection.ask(&[b"GET", name.as_bytes()]));
            match answer? {
                Answer::Value(value) if value.len() as u64 == size => Ok(took),
                other => {
                    Err(io::Error::other(format!("GET of {size} bytes was answered by {other:?}")))
                }
            }
        })?;
        for size in SIZES {
            connection.ask(&[b"DEL", key(size).as_bytes()])?;
        }
        Ok(measured)
    };
    run().map_err(|error: io::Error| fail(error.to_string()))
}

/// What a server says.
#[derive(PartialEq, Eq)]
enum Answer {
    /// `+OK` or `:1`.
    Line(String),
    Value(Vec<u8>),
    Nothing,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Answer::Line(line) => write!(f, "`{line}`"),
            Answer::Value(value) => write!(f, "{} bytes", value.len()),
            Answer::Nothing => f.write_str("nothing: the value is gone"),
        }
    }
}

struct Connection {
    reader: BufReader<TcpStream>,
    command: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> io::Result<Self> {
        let mut last = io::Error::other("the name has no address; write HOST:PORT");
        for at in address.to_socket_addrs()? {
            match TcpStream::connect_timeout(&at, PATIENCE) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    stream.set_read_timeout(Some(PATIENCE))?;
                    stream.set_write_timeout(Some(PATIENCE))?;
                    let reader = BufReader::with_capacity(1 << 16, stream);
                    return Ok(Connection { reader, command: Vec::new() });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn ask(&mut self, words: &[&[u8]]) -> io::Result<Answer> {
        self.command.clear();
        write!(self.command, "*{}\r\n", words.len())?;
        for word in words {
            write!(self.command, "${}\r\n", word.len())?;
            self.command.extend_from_slice(word);
            self.command.extend_from_slice(b"\r\n");
        }
        self.reader.get_mut().write_all(&self.command)?;
        read_answer(&mut self.reader)
    }
}

fn read_answer(reader: &mut impl BufRead) -> io::Result<Answer> {
    let strange = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    let mut line = Vec::new();
    // No first line is long; something that is no Redis may send anything.
    reader.take(1024).read_until(b'\n', &mut line)?;
    let text = String::from_utf8_lossy(&line);
    let Some(text) = text.strip_suffix("\r\n") else {
        return Err(strange(format!("`{}` is no answer of a Redis", text.escape_debug())));
    };
    match text.split_at_checked(1) {
        Some(("+" | ":", rest)) => Ok(Answer::Line(rest.to_string())),
        Some(("-", error)) => Err(strange(format!("it says {error}"))),
        Some(("$", "-1")) => Ok(Answer::Nothing),
        Some(("$", length)) => {
            let length = length.parse().ok().filter(|length| *length <= LONGEST_ANSWER);
            let length: usize = length.ok_or_else(|| strange(format!("`{text}` is no length")))?;
            let mut value = vec![0; length + 2];
            reader.read_exact(&mut value)?;
            value.truncate(length);
            Ok(Answer::Value(value))
        }
        _ => Err(strange(format!("`{}` is no answer of a Redis", text.escape_debug()))),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn answer(text: &str) -> Result<Answer, String> {
        read_answer(&mut text.as_bytes()).map_err(|error| error.to_string())
    }

    /// The examples of the protocol's specification.
    #[test]
    fn answers_are_read_as_specified() {
        assert_eq!(answer("+OK\r\n"), Ok(Answer::Line("OK".into())));
        assert_eq!(answer(":1000\r\n"), Ok(Answer::Line("1000".into())));
        assert_eq!(answer("$5\r\nhello\r\n"), Ok(Answer::Value(b"hello".to_vec())));
        assert_eq!(answer("$0\r\n\r\n"), Ok(Answer::Value(Vec::new())));
        assert_eq!(answer("$-1\r\n"), Ok(Answer::Nothing));
        assert_eq!(
            answer("-NOAUTH Authentication required.\r\n"),
            Err("it says NOAUTH Authentication required.".into())
        );
    }

    #[test]
    fn what_is_no_redis_is_told() {
        for text in ["", "HTTP/1.1 400 Bad Request\r\n", "$99999999999\r\n", "$5\r\nhel", "\r\n"] {
            assert!(answer(text).is_err(), "{text:?}");
        }
    }

    /// A server of this test's own, which knows SET, GET and DEL of what is as long as its key says.
    fn serve(listener: &TcpListener) -> io::Result<()> {
        let (stream, _) = listener.accept()?;
        let mut reader = BufReader::new(stream);
        let line = |reader: &mut BufReader<TcpStream>| {
            let mut line = String::new();
            reader.read_line(&mut line).map(|_| line.trim_end().to_string())
        };
        loop {
            let Some(n_words) = line(&mut reader)?.strip_prefix('*').map(str::to_string) else {
                return Ok(());
            };
            let mut words = Vec::new();
            for _ in 0..n_words.parse::<usize>().unwrap() {
                let length: usize = line(&mut reader)?[1..].parse().unwrap();
                let mut word = vec![0; length + 2];
                reader.read_exact(&mut word)?;
                words.push(word[..length].to_vec());
            }
            let size: usize =
                String::from_utf8_lossy(&words[1]).rsplit(':').next().unwrap().parse().unwrap();
            let reply = match &words[0][..] {
                b"GET" => [format!("${size}\r\n").as_bytes(), &vec![b'y'; size], b"\r\n"].concat(),
                b"SET" if words[2].len() == size && words[4] == b"600" => b"+OK\r\n".to_vec(),
                b"DEL" => b":1\r\n".to_vec(),
                _ => b"-ERR\r\n".to_vec(),
            };
            reader.get_mut().write_all(&reply)?;
        }
    }

    #[test]
    fn every_size_is_measured() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || serve(&listener));
        let measured = measure(&address, 40).unwrap();
        server.join().unwrap().unwrap();
        for (size, latencies) in measured.by_size() {
            assert!(SIZES.contains(&size) && latencies.len() == 40 && latencies[0] > 0);
        }
        assert_eq!(measured.by_size().len(), SIZES.len());
    }

    #[test]
    fn a_server_that_is_not_there_is_an_error() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let said = measure(&format!("127.0.0.1:{port}"), 1).unwrap_err().to_string();
        assert!(said.contains("cannot connect"), "{said}");
        assert!(measure("nonsense", 1).is_err());
    }
}
