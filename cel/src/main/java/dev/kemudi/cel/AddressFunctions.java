package dev.kemudi.cel;

import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.SimpleType;
import java.util.function.Predicate;

/** Kubernetes' ip and cidr libraries. */
final class AddressFunctions {
    private static final OpaqueType IP = OpaqueType.create("net.IP");
    private static final OpaqueType CIDR = OpaqueType.create("net.CIDR");

    private AddressFunctions() {}

    static void addTo(Functions functions) {
        functions.global("ip", IP, SimpleType.STRING, String.class, Address::parse);
        functions.global(
                "isIP",
                SimpleType.BOOL,
                SimpleType.STRING,
                String.class,
                text -> Address.read(text).isPresent());
        functions.global(
                "ip.isCanonical",
                SimpleType.BOOL,
                SimpleType.STRING,
                String.class,
                text -> Address.parse(text).toString().equals(text));
        functions.global("string", SimpleType.STRING, IP, Address.class, Address::toString);
        functions.member("family", SimpleType.INT, IP, Address.class, a -> (long) a.family());
        is(functions, "isUnspecified", a -> a.net().isAnyLocalAddress());
        is(functions, "isLoopback", a -> a.net().isLoopbackAddress());
        is(functions, "isLinkLocalMulticast", a -> a.net().isMCLinkLocal());
        is(functions, "isLinkLocalUnicast", a -> a.net().isLinkLocalAddress());
        is(functions, "isGlobalUnicast", Address::globalUnicast);
        blocks(functions);
    }

    @SuppressWarnings("Immutable") // the tests are stateless
    private static void is(Functions functions, String name, Predicate<Address> test) {
        functions.member(name, SimpleType.BOOL, IP, Address.class, test::test);
    }

    private static void blocks(Functions functions) {
        functions.global("cidr", CIDR, SimpleType.STRING, String.class, AddressBlock::parse);
        functions.global(
                "isCIDR",
                SimpleType.BOOL,
                SimpleType.STRING,
                String.class,
                text -> AddressBlock.read(text).isPresent());
        functions.global(
                "string", SimpleType.STRING, CIDR, AddressBlock.class, AddressBlock::toString);
        functions.member(
                "containsIP",
                SimpleType.BOOL,
                CIDR,
                AddressBlock.class,
                IP,
                Address.class,
                AddressBlock::contains);
        functions.member(
                "containsIP",
                SimpleType.BOOL,
                CIDR,
                AddressBlock.class,
                SimpleType.STRING,
                String.class,
                (block, text) -> block.contains(Address.parse(text)));
        functions.member(
                "containsCIDR",
                SimpleType.BOOL,
                CIDR,
                AddressBlock.class,
                CIDR,
                AddressBlock.class,
                AddressBlock::contains);
        functions.member(
                "containsCIDR",
                SimpleType.BOOL,
                CIDR,
                AddressBlock.class,
                SimpleType.STRING,
                String.class,
                (block, text) -> block.contains(AddressBlock.parse(text)));
        functions.member("ip", IP, CIDR, AddressBlock.class, AddressBlock::address);
        functions.member("masked", CIDR, CIDR, AddressBlock.class, AddressBlock::masked);
        functions.member(
                "prefixLength", SimpleType.INT, CIDR, AddressBlock.class, b -> (long) b.bits());
    }
}
