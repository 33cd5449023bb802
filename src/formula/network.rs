//! Times and speeds of networks.

use super::{amounts, finite, shares};

/// Signals in glass fibre, in km/s: two thirds of the speed of light.
const FIBRE: f64 = 2e5;

/// Mean radius of the earth, in km.
const EARTH: f64 = 6371.0;

/// Segments that TCP and QUIC send before the first acknowledgement (RFC 6928).
const INITIAL_WINDOW: f64 = 10.0;

/// Mathis's constant for Reno with an acknowledgement per segment: `√(3/2)`.
const MATHIS: f64 = 1.224_744_871_391_589;

/// Lowest round-trip time over a distance in km, in seconds: `2d / 200,000 km/s`. Real paths take 1.5 to 2 times that.
///
/// `None` for a negative distance. Example: 8,000 km take at least 80 ms.
pub fn light_floor(km: f64) -> Option<f64> {
    if amounts(&[km]) { finite(2.0 * km / FIBRE) } else { None }
}

/// Distance along the surface between two places in degrees of latitude and longitude, in km (haversine formula; the
/// flattening of the earth is neglected, at most 0.6 %). `None` for a latitude beyond 90° or a longitude beyond 180°.
/// Example: London (51.5, −0.13) and New York (40.7, −74.0) are 5,570 km apart.
pub fn great_circle(latitude_a: f64, longitude_a: f64, latitude_b: f64, longitude_b: f64) -> Option<f64> {
    let fits = [latitude_a, latitude_b].iter().all(|x| x.abs() <= 90.0)
        && [longitude_a, longitude_b].iter().all(|x| x.abs() <= 180.0);
    if !fits {
        return None;
    }
    let (a, b) = (latitude_a.to_radians(), latitude_b.to_radians());
    let half = |x: f64| (x / 2.0).sin().powi(2);
    let h = half(b - a) + a.cos() * b.cos() * half((longitude_b - longitude_a).to_radians());
    Some(2.0 * EARTH * h.sqrt().min(1.0).asin())
}

/// Round trips until `bytes` have arrived over a fresh connection: `⌈log₂(bytes / (10·segment) + 1)⌉`.
///
/// Slow start from 10 segments, doubling, without loss. `None` for a negative size or a segment that is not positive.
/// Source: RFC 6928. Example: 14.6 KB come in the first round trip with segments of 1,460 B, 100 KB take 3.
pub fn slow_start_rounds(bytes: f64, segment: f64) -> Option<f64> {
    if !(amounts(&[bytes, segment]) && segment > 0.0) {
        return None;
    }
    finite((bytes / (INITIAL_WINDOW * segment) + 1.0).log2().ceil())
}

/// Throughput that loss allows one Reno connection, in bytes per second: `segment/RTT · √(3/2) / √p` (Mathis 1997).
///
/// CUBIC and BBR exceed it. `None` unless the time is positive and the loss is above 0 and at most 1.
/// Example: 1,460 B, 100 ms and a loss of 1e-4 carry 14.3 Mbit/s.
pub fn mathis(segment: f64, rtt: f64, loss: f64) -> Option<f64> {
    if !(amounts(&[segment, rtt]) && rtt > 0.0 && shares(&[loss]) && loss > 0.0) {
        return None;
    }
    finite(segment / rtt * MATHIS / loss.sqrt())
}

/// Throughput that a window allows: `window / RTT`, in bytes per second. `None` unless the time is positive.
/// Example: 64 KB over 150 ms carry 3.4 Mbit/s.
pub fn window_limit(window: f64, rtt: f64) -> Option<f64> {
    if amounts(&[window, rtt]) && rtt > 0.0 { finite(window / rtt) } else { None }
}

/// What is spoken on a connection, as far as opening it takes round trips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP without encryption.
    Tcp,
    /// TCP with TLS 1.2.
    Tls12,
    /// TCP with TLS 1.3.
    Tls13,
    /// QUIC, the transport of HTTP/3.
    Quic,
}

/// Round trips before the first request can be sent on a new connection.
///
/// `resumed` takes a session known from before: one less with TLS 1.2, and early data (0-RTT, replayable, so for
/// idempotent requests only) with TLS 1.3 and QUIC. The request itself takes one more. Sources: RFC 5246, 8446, 9000.
/// Example: TLS 1.3 takes 2, so the first answer comes after 3.
pub fn handshake_round_trips(transport: Transport, resumed: bool) -> f64 {
    match (transport, resumed) {
        (Transport::Tcp, _) | (Transport::Tls13, true) => 1.0,
        (Transport::Tls12, false) => 3.0,
        (Transport::Tls12, true) | (Transport::Tls13, false) => 2.0,
        (Transport::Quic, false) => 1.0,
        (Transport::Quic, true) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: Option<f64>, expected: f64, relative: f64) {
        let value = value.unwrap();
        assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
    }

    #[test]
    fn formula_sheet() {
        close(light_floor(8000.0), 0.08, 1e-12);
        close(mathis(1460.0, 0.1, 1e-4), 14.30e6 / 8.0, 1e-3);
        close(window_limit(65_536.0, 0.15), 3.5e6 / 8.0, 2e-3);
        assert_eq!(slow_start_rounds(14_600.0, 1460.0), Some(1.0));
        assert_eq!(slow_start_rounds(14_601.0, 1460.0), Some(2.0));
        assert_eq!(slow_start_rounds(100_000.0, 1460.0), Some(3.0));
        close(great_circle(51.5, -0.13, 40.7, -74.0), 5570.0, 2e-3);
        // First answers: 2 in the clear, 4 and 3 with TLS 1.2, 3 and 2 with TLS 1.3, 2 and 1 with QUIC.
        let first = |transport, resumed| handshake_round_trips(transport, resumed) + 1.0;
        assert_eq!(first(Transport::Tcp, false), 2.0);
        assert_eq!((first(Transport::Tls12, false), first(Transport::Tls12, true)), (4.0, 3.0));
        assert_eq!((first(Transport::Tls13, false), first(Transport::Tls13, true)), (3.0, 2.0));
        assert_eq!((first(Transport::Quic, false), first(Transport::Quic, true)), (2.0, 1.0));
    }

    #[test]
    fn edges() {
        assert_eq!((mathis(1460.0, 0.0, 0.1), mathis(1460.0, 0.1, 0.0), light_floor(-1.0)), (None, None, None));
        assert_eq!((window_limit(1.0, 0.0), slow_start_rounds(1.0, 0.0)), (None, None));
        assert_eq!((great_circle(91.0, 0.0, 0.0, 0.0), great_circle(f64::NAN, 0.0, 0.0, 0.0)), (None, None));
        close(great_circle(0.0, 0.0, 0.0, 180.0), std::f64::consts::PI * EARTH, 1e-12);
        assert_eq!(slow_start_rounds(0.0, 1460.0), Some(0.0));
    }
}
