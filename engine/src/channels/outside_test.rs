//! That an address which a stranger names leads into our own network.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Names lead where the table says; how often one was looked up is counted.
fn outside(table: &[(&str, &[&str])], asked: &Arc<AtomicUsize>) -> Outside {
    let parse = |ips: &&[&str]| ips.iter().map(|ip| ip.parse().unwrap()).collect::<Vec<IpAddr>>();
    let table: HashMap<String, Vec<IpAddr>> =
        table.iter().map(|(name, ips)| ((*name).to_owned(), parse(ips))).collect();
    let asked = asked.clone();
    let look_up: LookUp = Arc::new(move |name| {
        asked.fetch_add(1, Ordering::Relaxed);
        let found = table.get(&name).cloned().ok_or_else(|| io::Error::other("no such name"));
        Box::pin(std::future::ready(found))
    });
    Outside::with(Duration::from_secs(5), look_up).unwrap()
}

fn word(opened: &Opened) -> &'static str {
    match opened {
        Opened::Bytes(_) => "bytes",
        Opened::NotYet => "not yet",
        Opened::Gone => "gone",
        Opened::Later => "later",
        Opened::Refused => "refused",
        Opened::Unsafe => "unsafe",
    }
}

/// Answers every call with this, and counts the calls.
async fn server(answer: String) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, calls) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = calls.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::Relaxed);
            let _ = stream.read(&mut [0; 4_096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address, calls)
}

#[tokio::test]
async fn no_spelling_of_an_inner_address_is_called() {
    let asked = Arc::default();
    let outside = outside(&[], &asked);
    for address in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://0.0.0.0/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://198.18.0.1/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://[fec0::1]/",
        "https://[ff02::1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b:1::1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001:0:7f00:1::]/",
        "https://localhost/",
        "http://example.com/",
        "http://127.0.0.1/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/",
        "data:text/plain,x",
        "https://user:word@example.com/",
        "https://",
        "//example.com",
        "",
    ] {
        assert_eq!(word(&outside.open(address, false).await), "unsafe", "{address}");
    }
    let long = format!("https://example.com/{}", "a".repeat(3_000));
    assert_eq!(word(&outside.open(&long, false).await), "unsafe");
    assert_eq!(asked.load(Ordering::Relaxed), 0, "none of them was even looked up");
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_called_whatever_else_it_leads_to() {
    let asked = Arc::default();
    let names: [(&str, &[&str]); 4] = [
        ("inside.example", &["10.0.0.1"]),
        ("rebinding.example", &["93.184.216.34", "127.0.0.1"]),
        ("mapped.example", &["::ffff:169.254.169.254"]),
        ("empty.example", &[]),
    ];
    let outside = outside(&names, &asked);
    for (name, _) in names {
        let opened = outside.open(&format!("https://{name}/a.png"), false).await;
        assert_eq!(word(&opened), "unsafe", "{name}");
        // Nor where this machine may be called: a name is never this machine.
        assert_eq!(word(&outside.open(&format!("https://{name}/a.png"), true).await), "unsafe", "{name}");
        assert_eq!(word(&outside.open(&format!("http://{name}/a.png"), true).await), "unsafe", "{name}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 8, "every call looked its name up anew");
    assert_eq!(word(&outside.open("https://nowhere.example/", false).await), "later");
}

#[tokio::test]
async fn a_redirect_leads_no_further_than_an_address_would() {
    let asked = Arc::default();
    let outside = outside(&[("inside.example", &["10.0.0.1"])], &asked);
    for to in
        ["file:///etc/passwd", "http://10.0.0.1/", "https://169.254.169.254/", "https://inside.example/", "ftp://a"]
    {
        let (address, calls) =
            server(format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")).await;
        assert_eq!(word(&outside.open(&format!("http://{address}/"), true).await), "unsafe", "{to}");
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }
    let (address, calls) =
        server("HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n".to_owned()).await;
    assert_eq!(word(&outside.open(&format!("http://{address}/"), true).await), "refused");
    assert_eq!(calls.load(Ordering::Relaxed), 1 + REDIRECTS, "a ring ends");
}

#[tokio::test]
async fn this_machine_is_called_only_where_the_platform_is_on_it() {
    let outside = outside(&[], &Arc::default());
    let (address, calls) = server("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc".to_owned()).await;
    let address = format!("http://{address}/a.png");
    assert_eq!(word(&outside.open(&address, false).await), "unsafe");
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    let Opened::Bytes(mut bytes) = outside.open(&address, true).await else { panic!("it answers") };
    assert_eq!(bytes.length, Some(3));
    assert_eq!(bytes.next().await.unwrap().unwrap(), "abc");
    assert_eq!(bytes.next().await.unwrap(), None);
}

#[test]
fn public_addresses_are_public() {
    for ip in
        ["93.184.216.34", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808"]
    {
        assert!(is_public(ip.parse().unwrap()), "{ip}");
    }
}
