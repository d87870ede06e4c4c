package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PlainKindsTest {
    private final Subject namespaces = Subject.of(Resource.NAMESPACES);
    private final Subject secrets = Subject.of(Resource.SECRETS);
    private final Subject maps = Subject.of(Resource.CONFIG_MAPS);
    private final Subject events = Subject.of(Resource.EVENTS);
    private final Subject nodes = Subject.of(Resource.NODES);
    private final Subject slices = Subject.of(Resource.ENDPOINT_SLICES);
    private final Subject leases = Subject.of(Resource.LEASES);
    private final Subject roles = Subject.of(Resource.ROLES);
    private final Subject clusterRoles = Subject.of(Resource.CLUSTER_ROLES);
    private final Subject bindings = Subject.of(Resource.ROLE_BINDINGS);

    @Test
    void everyKindIsListedOnceWithANameColumn() {
        List<ResourceDefinition> all = BuiltinKinds.all();
        assertThat(all).extracting(ResourceDefinition::resource).doesNotHaveDuplicates();
        assertThat(all)
                .allSatisfy(k ->
                        assertThat(k.columns())
                                .anySatisfy(c -> assertThat(c.format()).isEqualTo("name")));
        assertThat(all)
                .filteredOn(k -> k.categories().contains("all"))
                .extracting(k -> k.resource().plural())
                .contains("pods", "services", "deployments", "replicasets", "jobs")
                .doesNotContain("configmaps", "secrets", "nodes", "poddisruptionbudgets");
    }

    @Test
    void aNamespaceStartsActiveLabelledAndHeld() {
        ApiObject namespace = namespaces.created("{'metadata':{'name':'team'}}");
        assertThat(namespace.labels()).containsEntry("kubernetes.io/metadata.name", "team");
        assertThat(namespace.at("/spec/finalizers"))
                .extracting(f -> f.asText())
                .containsExactly("kubernetes");
        assertThat(namespaces.row(namespace)).containsExactly("team", "Active", "<unknown>");
        assertThat(namespaces.wrong("{'metadata':{'name':'a.b'}}")).hasSize(1);
    }

    @Test
    void aRoleIsAboutObjectsOrAboutPaths() {
        String rule = "{'metadata':{'name':'r'},'rules':[{'verbs':['get'],%s}]}";
        String objects = "'apiGroups':[''],'resources':['pods']";
        String paths = "'nonResourceURLs':['/x']";
        assertThat(roles.wrong(rule.formatted(objects))).isEmpty();
        assertThat(roles.wrong(rule.formatted(paths))).hasSize(1);
        assertThat(clusterRoles.wrong(rule.formatted(paths))).isEmpty();
        assertThat(clusterRoles.wrong(rule.formatted(objects + "," + paths))).hasSize(1);
        assertThat(roles.wrong(rule.formatted("'resources':['pods']"))).hasSize(1);
    }

    @Test
    void aBindingNamesItsRoleAndWhoGetsIt() {
        String binding =
                "{'metadata':{'name':'b'},'roleRef':{'kind':'%s','name':'r'},"
                        + "'subjects':[{'kind':'%s','name':'%s'}]}";
        assertThat(bindings.wrong(binding.formatted("Role", "User", "alice"))).isEmpty();
        assertThat(bindings.wrong(binding.formatted("Team", "User", "alice"))).hasSize(1);
        assertThat(bindings.wrong(binding.formatted("Role", "Robot", "alice"))).hasSize(1);
        assertThat(bindings.wrong(binding.formatted("Role", "User", ""))).hasSize(1);
        assertThat(
                        bindings.row(bindings.created(binding.formatted("Role", "Group", "devs")))
                                .get(1))
                .isEqualTo("Role/r");
    }

    @Test
    void onlyADeletedNamespaceLosesItsFinalizer() {
        ApiObject live = namespaces.created("{'metadata':{'name':'team'}}");
        ApiObject dying =
                live.edit(o ->
                        o.withObject("/metadata").put("deletionTimestamp", "2026-01-01T00:00:00Z"));
        var strategy = namespaces.kind().strategy();

        ApiObject freed = live.edit(o -> o.withObject("/spec").putArray("finalizers"));
        assertThat(freed.edit(o -> strategy.prepareForUpdate(o, live)).at("/spec/finalizers"))
                .hasSize(1);
        assertThat(freed.edit(o -> strategy.prepareForUpdate(o, dying)).at("/spec/finalizers"))
                .isEmpty();
    }

    @Test
    void plainTextOfASecretBecomesBase64() {
        ApiObject secret =
                secrets.created(
                        "{'metadata':{'name':'s'},'data':{'a':'AA=='},'stringData':{'b':'hällo'}}");
        assertThat(secret.textMap("/data"))
                .containsEntry("a", "AA==")
                .containsEntry("b", "aMOkbGxv");
        assertThat(secret.at("/stringData").isMissingNode()).isTrue();
        assertThat(secrets.row(secret)).containsExactly("s", "Opaque", 2, "<unknown>");
    }

    @Test
    void aSecretKeepsItsTypeAndWhenImmutableItsContent() {
        ApiObject old = secrets.created("{'data':{'a':'AA=='},'immutable':true}");
        ApiObject changed = old.edit(o -> o.withObject("/data").put("a", "AQ=="));
        ApiObject retyped = old.edit(o -> o.put("type", "x/y"));
        ApiObject loosened = old.edit(o -> o.remove("immutable"));

        assertThat(secrets.wrongChange(old, changed))
                .containsExactly("data: Forbidden: field is immutable when `immutable` is set");
        assertThat(secrets.wrongChange(old, retyped))
                .containsExactly("type: Invalid value: \"x/y\": field is immutable");
        assertThat(secrets.wrongChange(old, loosened))
                .containsExactly(
                        "immutable: Forbidden: field is immutable when `immutable` is set");
        assertThat(secrets.wrong("{'type':'kubernetes.io/tls'}"))
                .containsExactly("data[tls.crt]: Required value", "data[tls.key]: Required value");
    }

    @Test
    void aConfigMapsKeysAreFileNamesAndItsSizeIsBounded() {
        assertThat(maps.wrong("{'data':{'../x':'y'}}")).isNotEmpty();
        assertThat(maps.wrong("{'data':{'..':'y'}}"))
                .containsExactly("data[..]: Invalid value: \"..\": must not be '..'");
        assertThat(maps.wrong("{'data':{'k':'" + "x".repeat(1_048_577) + "'}}"))
                .containsExactly(": Too long: may not be more than 1048576 bytes");
        assertThat(
                        maps.row(
                                Subject.json(
                                        "{'metadata':{'name':'c'},'data':{'a':'b'},"
                                                + "'binaryData':{'d':'AA=='}}")))
                .containsExactly("c", 2, "<unknown>");
    }

    @Test
    void anEventShowsWhatHappenedToWhomAndExpires() {
        ApiObject event =
                events.created(
                        "{'metadata':{'name':'e','namespace':'team'},'involvedObject':{'kind':'Pod',"
                                + "'name':'web','namespace':'team'},'reason':'Started',"
                                + "'type':'Normal','message':'"
                                + " up ','count':2,"
                                + "'source':{'component':'kubelet','host':'n1'},"
                                + "'firstTimestamp':'2026-01-01T11:50:00Z',"
                                + "'lastTimestamp':'2026-01-01T11:59:50Z'}");
        assertThat(events.header(0))
                .containsExactly("LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE");
        assertThat(events.wideRow(event))
                .containsExactly(
                        "10s",
                        "Normal",
                        "Started",
                        "pod/web",
                        "",
                        "kubelet, n1",
                        "up",
                        "10m",
                        "2",
                        "e");
        assertThat(events.kind().strategy().timeToLiveSeconds(event))
                .isEqualTo(OptionalLong.of(3600));
        assertThat(events.kind().strategy().selectableFields(event))
                .containsEntry("involvedObject.name", "web")
                .containsEntry("involvedObject.uid", "")
                .containsEntry("reason", "Started")
                .containsEntry("source", "kubelet");
        assertThat(
                        events.wrong(
                                "{'metadata':{'namespace':'a'},'involvedObject':{'namespace':'b'}}"))
                .containsExactly(
                        "involvedObject.namespace: Invalid value: \"b\": does not match"
                                + " event.namespace");
    }

    @Test
    void aNodeShowsReadinessRolesAndAddresses() {
        ApiObject node =
                nodes.defaulted(
                        "{'metadata':{'name':'n1','labels':{'node-role.kubernetes.io/worker':''}},"
                                + "'spec':{'unschedulable':true},'status':{'capacity':{'cpu':'2'},"
                                + "'conditions':[{'type':'Ready',"
                                + "'status':'True'}],'nodeInfo':{'kubeletVersion':'v1.32.0'},"
                                + "'addresses':[{'type':'InternalIP','address':'127.0.0.1'}]}}");
        assertThat(nodes.row(node))
                .containsExactly(
                        "n1", "Ready,SchedulingDisabled", "worker", "<unknown>", "v1.32.0");
        assertThat(nodes.wideRow(node)).contains("127.0.0.1");
        assertThat(node.text("/status/allocatable/cpu")).isEqualTo("2");
        assertThat(nodes.kind().strategy().selectableFields(node))
                .containsEntry("spec.unschedulable", "true");
    }

    @Test
    void aSliceShowsThreeAddressesAndCountsTheRest() {
        ApiObject slice =
                slices.defaulted(
                        "{'metadata':{'name':'s'},'addressType':'IPv4','ports':[{'port':80}],"
                                + "'endpoints':[{'addresses':['1.1.1.1']},{'addresses':['1.1.1.2']},"
                                + "{'addresses':['1.1.1.3']},"
                                + "{'addresses':['1.1.1.4']},{'addresses':['1.1.1.5']}]}");
        assertThat(slices.row(slice))
                .containsExactly(
                        "s", "IPv4", "80", "1.1.1.1,1.1.1.2,1.1.1.3 + 2 more...", "<unknown>");
        assertThat(slice.at("/ports/0"))
                .isEqualTo(Subject.json("{'port':80,'name':'','protocol':'TCP'}").tree());
        assertThat(slices.wrong("{'endpoints':[{}]}"))
                .containsExactly(
                        "addressType: Required value",
                        "endpoints[0].addresses: Required value: must contain at least 1 address");
    }

    @Test
    void aLeaseThatNeverLastsIsRefused() {
        assertThat(leases.wrong("{'spec':{'leaseDurationSeconds':0}}"))
                .containsExactly(
                        "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0");
        assertThat(
                        leases.row(
                                Subject.json(
                                        "{'metadata':{'name':'l'},'spec':{'holderIdentity':'me'}}")))
                .containsExactly("l", "me", "<unknown>");
    }
}
