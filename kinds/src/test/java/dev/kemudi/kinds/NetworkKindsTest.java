package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import org.junit.jupiter.api.Test;

class NetworkKindsTest {
    private final Subject endpoints = Subject.of(Resource.ENDPOINTS);

    @Test
    void endpointsShowThreeAddressesWithPortsAndCountTheRest() {
        ApiObject four =
                endpoints.created(
                        "{'metadata':{'name':'e'},'subsets':[{'addresses':[{'ip':'127.0.1.1'},"
                                + "{'ip':'::1'}],'ports':[{'name':'a','port':80},{'name':'b','port':81}]}]}");
        assertThat(endpoints.row(four))
                .containsExactly(
                        "e", "127.0.1.1:80,[::1]:80,127.0.1.1:81 + 1 more...", "<unknown>");
        assertThat(four.text("/subsets/0/ports/1/protocol")).isEqualTo("TCP");
        assertThat(endpoints.row(endpoints.created("{'metadata':{'name':'e'}}")).get(1))
                .isEqualTo("<none>");
    }

    @Test
    void endpointsAreAddressesThatCanBeReached() {
        String subsets = "{'metadata':{'name':'e'},'subsets':[%s]}";
        assertThat(endpoints.wrong(subsets.formatted("{}")))
                .containsExactly(
                        "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`");
        assertThat(
                        endpoints.wrong(
                                subsets.formatted(
                                        "{'addresses':[{'ip':'300.1.1.1'},{'ip':'0.0.0.0'},{'ip':'1'}],"
                                                + "'ports':[{'port':0},{'port':1}]}")))
                .containsExactly(
                        "subsets[0].addresses[0].ip: Invalid value: \"300.1.1.1\": must be a valid IP"
                                + " address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
                        "subsets[0].addresses[1].ip: Invalid value: \"0.0.0.0\": may not be"
                                + " unspecified (0.0.0.0 or ::)",
                        "subsets[0].addresses[2].ip: Invalid value: \"1\": must be a valid IP"
                                + " address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
                        "subsets[0].ports[0].name: Required value",
                        "subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535,"
                                + " inclusive",
                        "subsets[0].ports[1].name: Required value");
    }
}
