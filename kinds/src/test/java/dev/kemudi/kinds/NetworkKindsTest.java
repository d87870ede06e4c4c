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

    private static final String INGRESS =
            "{'metadata':{'name':'i'},'spec':{'rules':[{'host':'a.b','http':{'paths':[{'path':'%s',"
                    + "'pathType':'%s','backend':{%s}}]}}]}}";
    private static final String SERVICE = "'service':{'name':'s','port':{'number':80}}";

    @Test
    void anIngressShowsItsHostsAddressesAndPorts() {
        Subject ingresses = Subject.of(Resource.INGRESSES);
        ApiObject ingress = ingresses.created(INGRESS.formatted("/", "Prefix", SERVICE));
        assertThat(ingress.at("/status/loadBalancer").isObject()).isTrue();
        assertThat(ingresses.row(ingress))
                .containsExactly("i", "<none>", "a.b", "", "80", "<unknown>");
        ApiObject reached =
                ingress.edit(o -> {
                    o.withObject("/spec")
                            .put("ingressClassName", "web")
                            .putArray("tls")
                            .addObject();
                    o.withObject("/status/loadBalancer")
                            .putArray("ingress")
                            .addObject()
                            .put("ip", "1.2.3.4");
                });
        assertThat(ingresses.row(reached))
                .containsExactly("i", "web", "a.b", "1.2.3.4", "80, 443", "<unknown>");
    }

    @Test
    void anIngressSendsPathsToOneBackendEach() {
        Subject ingresses = Subject.of(Resource.INGRESSES);
        String at = "spec.rules[0].http.paths[0]";
        assertThat(ingresses.wrong(INGRESS.formatted("a", "Exact", SERVICE)))
                .containsExactly(at + ".path: Invalid value: \"a\": must be an absolute path");
        assertThat(ingresses.wrong(INGRESS.formatted("/a//b/..", "Prefix", SERVICE)))
                .containsExactly(
                        at + ".path: Invalid value: \"/a//b/..\": must not contain '//'",
                        at + ".path: Invalid value: \"/a//b/..\": cannot end with '/..'");
        assertThat(ingresses.wrong(INGRESS.formatted("", "ImplementationSpecific", SERVICE)))
                .isEmpty();
        assertThat(ingresses.wrong(INGRESS.formatted("/", "Regex", "")))
                .containsExactly(
                        at
                                + ".pathType: Unsupported value: \"Regex\": supported values: \"Exact\","
                                + " \"ImplementationSpecific\", \"Prefix\"",
                        at + ".backend: Required value: resource or service backend is required");
        assertThat(ingresses.wrong("{'metadata':{'name':'i'},'spec':{}}"))
                .containsExactly(
                        "spec: Invalid value: []: either `defaultBackend` or `rules` must be specified");
        assertThat(
                        ingresses.wrong(
                                INGRESS.formatted("/", "Prefix", SERVICE)
                                        .replace("a.b", "1.2.3.4")))
                .containsExactly(
                        "spec.rules[0].host: Invalid value: \"1.2.3.4\": must be a DNS name, not an IP"
                                + " address");
        assertThat(
                        ingresses.wrong(
                                INGRESS.formatted("/", "Prefix", SERVICE).replace("a.b", "*.b.c")))
                .isEmpty();
        assertThat(
                        ingresses.wrong(
                                INGRESS.formatted("/", "Prefix", SERVICE).replace("a.b", "a.*.c")))
                .hasSize(1);
    }

    @Test
    void anIngressClassKeepsItsController() {
        Subject classes = Subject.of(Resource.INGRESS_CLASSES);
        ApiObject web =
                classes.created(
                        "{'metadata':{'name':'web'},'spec':{'controller':'a.b/c',"
                                + "'parameters':{'apiGroup':'x.y','kind':'K','name':'n'}}}");
        assertThat(classes.row(web)).containsExactly("web", "a.b/c", "K.x.y/n", "<unknown>");
        assertThat(
                        classes.wrongChange(
                                web,
                                web.edit(o -> o.withObject("/spec").put("controller", "a.b/d"))))
                .containsExactly("spec.controller: Invalid value: \"a.b/d\": field is immutable");
        assertThat(classes.wrong("{'metadata':{'name':'web'},'spec':{'controller':'web'}}"))
                .containsExactly(
                        "spec.controller: Invalid value: \"web\": must be a domain-prefixed path (such"
                                + " as \"acme.io/foo\")");
    }

    @Test
    void aPolicyIsAboutIngressAndAboutEgressWhenItHasSome() {
        Subject policies = Subject.of(Resource.NETWORK_POLICIES);
        ApiObject policy =
                policies.created(
                        "{'metadata':{'name':'p'},'spec':{'podSelector':{'matchLabels':{'a':'b'}},"
                                + "'egress':[{'ports':[{'port':80}]}]}}");
        assertThat(policy.at("/spec/policyTypes"))
                .extracting(t -> t.asText())
                .containsExactly("Ingress", "Egress");
        assertThat(policy.text("/spec/egress/0/ports/0/protocol")).isEqualTo("TCP");
        assertThat(policy.generation()).isEqualTo(1);
        assertThat(policies.row(policy)).containsExactly("p", "a=b", "<unknown>");
        ApiObject changed = policy.edit(o -> o.withObject("/spec").putObject("podSelector"));
        assertThat(
                        changed.edit(o -> policies.kind().strategy().prepareForUpdate(o, policy))
                                .generation())
                .isEqualTo(2);
    }

    @Test
    void aPolicysPeersArePodsOrAddressesAndItsPortsRanges() {
        Subject policies = Subject.of(Resource.NETWORK_POLICIES);
        String spec = "{'metadata':{'name':'p'},'spec':{'podSelector':{},'ingress':[{%s}]}}";
        assertThat(
                        policies.wrong(
                                spec.formatted(
                                        "'from':[{},{'podSelector':{},'ipBlock':{'cidr':'x'}}]")))
                .containsExactly(
                        "spec.ingress[0].from[0]: Required value: must specify a peer",
                        "spec.ingress[0].from[1].ipBlock.cidr: Invalid value: \"x\": must be a valid"
                                + " CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
                        "spec.ingress[0].from[1]: Forbidden: may not specify both ipBlock and another"
                                + " peer");
        assertThat(
                        policies.wrong(
                                spec.formatted(
                                        "'from':[{'ipBlock':{'cidr':'10.0.0.0/8','except':"
                                                + "['10.1.0.0/16','10.0.0.0/8','11.0.0.0/9']}}]")))
                .containsExactly(
                        "spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: \"10.0.0.0/8\": must"
                                + " be a strict subset of `cidr`",
                        "spec.ingress[0].from[0].ipBlock.except[2]: Invalid value: \"11.0.0.0/9\": must"
                                + " be a strict subset of `cidr`");
        assertThat(
                        policies.wrong(
                                spec.formatted("'ports':[{'port':90,'endPort':80},{'endPort':1}]")))
                .containsExactly(
                        "spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or"
                                + " equal to `port`",
                        "spec.ingress[0].ports[1].endPort: Invalid value: 1: may not be specified when"
                                + " `port` is not specified");
    }

    @Test
    void anAddressIsNamedAfterItselfAndARangeStays() {
        Subject addresses = Subject.of(Resource.IP_ADDRESSES);
        ApiObject address =
                addresses.created(
                        "{'metadata':{'name':'2001:db8::1'},'spec':{'parentRef':{'resource':'services',"
                                + "'namespace':'n','name':'s'}}}");
        assertThat(addresses.row(address))
                .containsExactly("2001:db8::1", "services/n/s", "<unknown>");
        assertThat(addresses.wrong("{'metadata':{'name':'web'},'spec':{}}"))
                .containsExactly(
                        "metadata.name: Invalid value: \"web\": must be a valid IP address, (e.g."
                                + " 10.9.8.7 or 2001:db8::ffff)",
                        "spec.parentRef: Required value");

        Subject ranges = Subject.of(Resource.SERVICE_CIDRS);
        ApiObject range =
                ranges.created(
                        "{'metadata':{'name':'r'},'spec':{'cidrs':['10.0.0.0/8','fd00::/64']}}");
        assertThat(ranges.row(range)).containsExactly("r", "10.0.0.0/8,fd00::/64", "<unknown>");
        assertThat(
                        ranges.wrong(
                                "{'metadata':{'name':'r'},'spec':{'cidrs':['10.0.0.0/8','11.0.0.0/8']}}"))
                .hasSize(1);
        assertThat(
                        ranges.wrongChange(
                                range,
                                range.edit(o ->
                                        o.withObject("/spec").putArray("cidrs").add("10.0.0.0/8"))))
                .hasSize(1);
    }
}
