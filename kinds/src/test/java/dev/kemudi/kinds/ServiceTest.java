package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import org.junit.jupiter.api.Test;

class ServiceTest {
    private final Subject services = Subject.of(Resource.SERVICES);

    private static String service(String spec) {
        return "{'metadata':{'name':'web','creationTimestamp':'2026-01-01T08:00:00Z'},'spec':{"
                + spec
                + "}}";
    }

    /** What Kubernetes shows for a headless service, which every service is here. */
    @Test
    void theSmallestServiceReadsAsAHeadlessOneOfKubernetes() {
        ApiObject web = services.created(service("'selector':{'app':'web'},'ports':[{'port':80}]"));
        assertThat(web.at("/spec"))
                .isEqualTo(
                        Subject.json(
                                        """
                                        {'clusterIP':'None','clusterIPs':['None'],
                                        'internalTrafficPolicy':'Cluster',
                                         'ipFamilies':['IPv4'],'ipFamilyPolicy':'SingleStack',
                                         'ports':[{'port':80,'protocol':'TCP','targetPort':80}],
                                         'selector':{'app':'web'},
                                         'sessionAffinity':'None','type':'ClusterIP'}
                                        """)
                                .tree());
        assertThat(web.at("/status")).isEqualTo(Subject.json("{'loadBalancer':{}}").tree());
        assertThat(services.wideRow(web))
                .containsExactly("web", "ClusterIP", "None", "<none>", "80/TCP", "4h", "app=web");
    }

    @Test
    void anAddressAtWhichNothingWouldListenIsRefused() {
        assertThat(services.wrong(service("'clusterIP':'10.0.0.7','ports':[{'port':80}]")))
                .containsExactly(
                        "spec.clusterIPs[0]: Invalid value: \"10.0.0.7\": must be empty or \"None\": this"
                                + " runtime has no virtual addresses, so every Service is headless");
    }

    @Test
    void severalPortsNeedDistinctNames() {
        assertThat(
                        services.wrong(
                                service(
                                        "'ports':[{'name':'a','port':1},{'port':2},{'name':'a','port':0}]")))
                .containsExactly(
                        "spec.ports[1].name: Required value",
                        "spec.ports[2].name: Duplicate value: \"a\"",
                        "spec.ports[2].port: Invalid value: 0: must be between 1 and 65535, inclusive",
                        "spec.ports[2].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive");
    }

    @Test
    void aServiceNameBeginsWithALetter() {
        assertThat(services.wrong("{'metadata':{'name':'1web'},'spec':{}}"))
                .singleElement()
                .asString()
                .startsWith(
                        "metadata.name: Invalid value: \"1web\": a DNS-1035 label must consist of");
    }

    @Test
    void anExternalNameIsAnAliasAndHasNoAddress() {
        ApiObject alias =
                services.created(service("'type':'ExternalName','externalName':'db.example.com'"));
        assertThat(alias.at("/spec/clusterIP").isMissingNode()).isTrue();
        assertThat(services.row(alias))
                .containsExactly("web", "ExternalName", "<none>", "db.example.com", "<none>", "4h");
        assertThat(services.wrong(service("'type':'ExternalName'")))
                .containsExactly("spec.externalName: Required value");
    }

    @Test
    void aLoadBalancerThatNobodyProvidesIsPending() {
        ApiObject web =
                services.created(
                        service("'type':'LoadBalancer','ports':[{'port':80,'nodePort':30080}]"));
        assertThat(services.row(web))
                .containsExactly("web", "LoadBalancer", "None", "<pending>", "80:30080/TCP", "4h");
    }
}
