//! The stickers that an account may send: those of the page "Stickers" of LINE's documents. What is not among them LINE
//! refuses (line.md 4).

use crate::channels::capabilities::StickerPackage;

/// The packages, in the order of their ids.
pub const SENDABLE: &[StickerPackage] = &[
    package(446, 1_988, 2_027),
    package(789, 10_855, 10_894),
    package(1_070, 17_839, 17_878),
    package(6_136, 10_551_376, 10_551_399),
    package(6_325, 10_979_904, 10_979_927),
    package(6_359, 11_069_848, 11_069_871),
    package(6_362, 11_087_920, 11_087_943),
    package(6_370, 11_088_016, 11_088_039),
    package(6_632, 11_825_374, 11_825_397),
    package(8_515, 16_581_242, 16_581_265),
    package(8_522, 16_581_266, 16_581_289),
    package(8_525, 16_581_290, 16_581_313),
    package(11_537, 52_002_734, 52_002_773),
    package(11_538, 51_626_494, 51_626_533),
    package(11_539, 52_114_110, 52_114_149),
];

const fn package(package_id: u32, first: u32, last: u32) -> StickerPackage {
    StickerPackage { package_id, first, last }
}
