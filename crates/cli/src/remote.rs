//! A server of ours, as the command line speaks to it: one request a connection, over HTTP on one's own machine or
//! network, and over TLS to the proxy in front of it.
//!
//! Deliberately absent: an HTTP client for anybody else's servers.

mod tls;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    thread,
    time::Duration,
};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use self::tls::Trust;

/// Lines sent together.
const MOST_LINES: usize = 2_000;

/// Bytes sent together; the server takes 5 MiB.
const MOST_BYTES: usize = 3 << 20;

/// How often one part is sent before the command gives up.
const ATTEMPTS: u32 = 8;

/// How long the server may take over one part.
const PATIENCE: Duration = Duration::from_mins(2);

/// A server and what is said to it each time.
#[derive(Debug)]
pub(crate) struct Remote {
    host: String,
    target: String,
    token: String,
    /// How to speak TLS; `None` over plain HTTP.
    trust: Option<Trust>,
}

/// Lines about to be sent, with what explains them: each part must be understood by itself.
#[derive(Debug, Default)]
pub(crate) struct Upload {
    schemas: Vec<(String, String)>,
    /// What the server counted in the parts before, as a message of its own.
    open: Option<String>,
    lines: Vec<String>,
    bytes: usize,
}

impl Upload {
    /// Adds a line.
    pub(crate) fn push(&mut self, line: String) {
        self.bytes += line.len() + 1;
        self.lines.push(line);
    }

    /// Whether it is time to send.
    pub(crate) fn is_full(&self) -> bool {
        self.lines.len() >= MOST_LINES || self.bytes >= MOST_BYTES
    }

    /// The text to send: the schemas of earlier parts and what was counted there, then the lines.
    fn text(&self) -> String {
        let earlier = self.schemas.iter().map(|(_, line)| line).chain(&self.open);
        earlier.chain(&self.lines).flat_map(|line| [line.as_str(), "\n"]).collect()
    }

    /// Begins the next part, remembering the schemas of this one and what the server counted in it.
    fn sent(&mut self, open: &Value) {
        self.open = open.is_array().then(|| json!({ "type": "TRACE", "trace": { "open": open } }).to_string());
        for line in std::mem::take(&mut self.lines) {
            let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
            let is_schema = message["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("schema"));
            if let Some(stream) = message["stream"].as_str().filter(|_| is_schema) {
                self.schemas.retain(|(known, _)| known != stream);
                self.schemas.push((stream.to_owned(), line));
            }
        }
        self.bytes = 0;
    }
}

/// What a server answered.
struct Answer {
    status: u16,
    retry_after: Option<u64>,
    body: Value,
}

impl Remote {
    /// Checks the address; an `https` server is believed by the authorities of the public web, or by those in a file.
    pub(crate) fn new(url: &str, token: &str, preset: &str, authorities: Option<&Path>) -> anyhow::Result<Self> {
        let (rest, port, trust) = match url.split_once("://") {
            Some(("http", rest)) => (rest, 80, None),
            Some(("https", rest)) => (rest, 443, Some(Trust::new(authorities)?)),
            _ => bail!("{url} is not an address of a server: write https://pomona.example or http://127.0.0.1:8080"),
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if host.is_empty() || token.chars().any(char::is_control) {
            bail!("the address or the token cannot be used");
        }
        let host = if host.contains(':') { host.to_owned() } else { format!("{host}:{port}") };
        let base = if path.is_empty() { String::new() } else { format!("/{}", path.trim_end_matches('/')) };
        Ok(Self { host, target: format!("{base}/v1/ingest/singer?preset={preset}"), token: token.to_owned(), trust })
    }

    /// Sends a part until the server has stored it; returns the states it says may be passed on.
    pub(crate) fn post(&self, upload: &mut Upload) -> anyhow::Result<Vec<String>> {
        if upload.lines.is_empty() {
            return Ok(Vec::new());
        }
        let text = upload.text();
        for attempt in 1..=ATTEMPTS {
            let wait = match self.once(&text) {
                Ok(answer) if answer.status == 200 => {
                    upload.sent(&answer.body["report"]["open"]);
                    let states = answer.body["states"].as_array().cloned().unwrap_or_default();
                    return Ok(states.iter().filter_map(|state| state.as_str().map(str::to_owned)).collect());
                }
                Ok(answer) if answer.status < 500 && answer.status != 429 => {
                    let word = |name: &str| answer.body[name].as_str().unwrap_or("unknown").to_owned();
                    bail!("{}: {}", word("code"), word("message"));
                }
                Ok(answer) => answer.retry_after.unwrap_or(u64::from(attempt)),
                Err(error) if attempt == ATTEMPTS || tls::distrusts(&error) => return Err(error),
                Err(_) => u64::from(attempt),
            };
            thread::sleep(Duration::from_secs(wait.min(60)));
        }
        bail!("unavailable: the server at {} did not take the records", self.host)
    }

    fn once(&self, text: &str) -> anyhow::Result<Answer> {
        let reach = || format!("cannot reach the server at {}", self.host);
        let tcp = TcpStream::connect(&self.host).with_context(reach)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        match &self.trust {
            None => self.ask(tcp, text),
            Some(trust) => self.ask(trust.speak(self.name(), tcp)?, text),
        }
    }

    /// The name of the server, without its port.
    fn name(&self) -> &str {
        self.host.rsplit_once(':').map_or(self.host.as_str(), |(name, _)| name)
    }

    fn ask(&self, mut stream: impl Read + Write, text: &str) -> anyhow::Result<Answer> {
        let reach = || format!("cannot reach the server at {}", self.host);
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/x-ndjson\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            self.target,
            self.host,
            self.token,
            text.len()
        );
        // Over TLS the first word is where the server's certificate is looked at.
        stream.write_all(head.as_bytes()).with_context(reach)?;
        stream.write_all(text.as_bytes()).with_context(reach)?;
        read(BufReader::new(stream)).with_context(|| format!("the server at {} did not answer", self.host))
    }
}

/// Reads an answer to its end.
fn read(mut stream: impl BufRead) -> anyhow::Result<Answer> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).context("this is not HTTP")?;
    let (mut retry_after, mut length) = (None, None);
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "retry-after" => retry_after = value.trim().parse().ok(),
            "content-length" => length = value.trim().parse::<u64>().ok(),
            _ => {}
        }
    }
    let mut body = Vec::new();
    stream.take(length.unwrap_or(1 << 20)).read_to_end(&mut body)?;
    Ok(Answer { status, retry_after, body: serde_json::from_slice(&body).unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_carries_the_schemas_of_those_before() {
        let mut upload = Upload::default();
        upload.push(r#"{"type":"SCHEMA","stream":"a","v":1}"#.to_owned());
        upload.push(r#"{"type":"RECORD","stream":"a"}"#.to_owned());
        upload.sent(&Value::Null);
        upload.push(r#"{"type":"SCHEMA","stream":"a","v":2}"#.to_owned());
        upload.sent(&Value::Null);
        upload.push("x".to_owned());
        assert_eq!(upload.text(), "{\"type\":\"SCHEMA\",\"stream\":\"a\",\"v\":2}\nx\n");
    }

    #[test]
    fn a_part_says_what_was_counted_before() {
        let mut upload = Upload::default();
        upload.sent(&json!([{ "stream": "a", "records": 2 }]));
        upload.push("x".to_owned());
        let text = "{\"trace\":{\"open\":[{\"records\":2,\"stream\":\"a\"}]},\"type\":\"TRACE\"}\nx\n";
        assert_eq!(upload.text(), text);
        upload.sent(&Value::Null);
        assert_eq!(upload.text(), "");
    }

    #[test]
    fn an_answer_is_read_and_an_address_is_checked() {
        let text = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\ncontent-length: 2\r\n\r\n{}";
        let answer = read(text.as_bytes()).unwrap();
        assert_eq!((answer.status, answer.retry_after), (503, Some(2)));
        let remote = |url| Remote::new(url, "t", "p", None);
        assert!(remote("ftp://x").unwrap_err().to_string().contains("https://pomona.example"));
        let plain = remote("http://x/sub/").unwrap();
        assert_eq!((plain.target.as_str(), plain.host.as_str()), ("/sub/v1/ingest/singer?preset=p", "x:80"));
        let encrypted = remote("https://x").unwrap();
        assert_eq!((encrypted.name(), encrypted.host.as_str(), encrypted.trust.is_some()), ("x", "x:443", true));
    }
}
