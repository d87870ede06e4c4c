package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import java.util.List;
import org.junit.jupiter.api.Test;

/** StatefulSets, DaemonSets and their history. */
class OrderedKindsTest {
    private final Subject statefulSets = Subject.of(Resource.STATEFUL_SETS);
    private final Subject daemonSets = Subject.of(Resource.DAEMON_SETS);
    private final Subject revisions = Subject.of(Resource.CONTROLLER_REVISIONS);

    private static String web(String spec) {
        return "{'metadata':{'name':'web','creationTimestamp':'2026-01-01T11:59:18Z'},'spec':{"
                + "'selector':{'matchLabels':{'app':'web'}},'template':{'metadata':{'labels':{'app':'web'}},"
                + "'spec':{'containers':[{'name':'a','image':'nginx:1'}]}}"
                + spec
                + "}}";
    }

    @Test
    void theSmallestStatefulSetReadsAsKubernetesWouldShowIt() {
        ApiObject set =
                statefulSets.created(
                        web(
                                ",'serviceName':'web','volumeClaimTemplates':[{'metadata':{'name':'d'},"
                                        + "'spec':{'accessModes':['ReadWriteOnce']}}]"));
        ApiObject spec = set.edit(o -> o.withObject("/spec").remove("template"));
        assertThat(spec.at("/spec"))
                .isEqualTo(
                        Subject.json(
                                        """
                                        {'selector':{'matchLabels':{'app':'web'}},'serviceName':'web',
                                         'volumeClaimTemplates':[{'metadata':{'name':'d'},
                                           'spec':{'accessModes':['ReadWriteOnce'],'volumeMode':'Filesystem'},
                                           'apiVersion':'v1','kind':'PersistentVolumeClaim',
                                           'status':{'phase':'Pending'}}],
                                         'replicas':1,'revisionHistoryLimit':10,
                                         'podManagementPolicy':'OrderedReady',
                                         'updateStrategy':{'type':'RollingUpdate',
                                           'rollingUpdate':{'partition':0}},
                                         'persistentVolumeClaimRetentionPolicy':
                                           {'whenDeleted':'Retain','whenScaled':'Retain'}}
                                        """)
                                .tree());
        assertThat(set.text("/spec/template/spec/restartPolicy")).isEqualTo("Always");
        assertThat(statefulSets.row(set)).containsExactly("web", "0/1", "42s");
        assertThat(statefulSets.header(1))
                .containsExactly("NAME", "READY", "AGE", "CONTAINERS", "IMAGES");
    }

    @Test
    void wrongStatefulSetsAreRefusedByField() {
        assertThat(statefulSets.wrong(web(""))).isEmpty();
        assertThat(statefulSets.wrong(web(",'podManagementPolicy':'Random'")))
                .containsExactly(
                        "spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or"
                                + " 'Parallel'");
        assertThat(
                        statefulSets.wrong(
                                web(
                                        ",'updateStrategy':{'type':'OnDelete',"
                                                + "'rollingUpdate':{'partition':1}}")))
                .singleElement()
                .asString()
                .endsWith("only allowed for updateStrategy 'RollingUpdate'");
        assertThat(statefulSets.wrong(web(",'ordinals':{'start':-1}"))).hasSize(1);
        assertThat(
                        statefulSets.wrong(
                                web(
                                        ",'persistentVolumeClaimRetentionPolicy':{'whenScaled':'Keep'}")))
                .containsExactly(
                        "spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value:"
                                + " \"Keep\": supported values: \"Delete\", \"Retain\"");
    }

    @Test
    void onlySomeOfAStatefulSetMayChange() {
        ApiObject set = statefulSets.created(web(",'serviceName':'web'"));
        assertThat(
                        statefulSets.wrongChange(
                                set, set.edit(o -> o.withObject("/spec").put("replicas", 3))))
                .isEmpty();
        assertThat(
                        statefulSets.wrongChange(
                                set, set.edit(o -> o.withObject("/spec").put("serviceName", "b"))))
                .singleElement()
                .asString()
                .startsWith("spec: Forbidden: updates to statefulset spec for fields other than");
    }

    @Test
    void aDaemonSetCountsItsTemplates() {
        ApiObject set = daemonSets.created(web(",'minReadySeconds':5"));
        String generation = "deprecated.daemonset.template.generation";
        assertThat(set.annotations()).containsEntry(generation, "1");
        assertThat(set.at("/spec/updateStrategy"))
                .isEqualTo(
                        Subject.json(
                                        "{'type':'RollingUpdate','rollingUpdate':"
                                                + "{'maxUnavailable':1,'maxSurge':0}}")
                                .tree());
        ApiObject patient =
                set.edit(o -> {
                    o.withObject("/spec").put("minReadySeconds", 6);
                    daemonSets.kind().strategy().prepareForUpdate(o, set);
                });
        assertThat(patient.annotations()).containsEntry(generation, "1");
        ApiObject changed =
                set.edit(o -> {
                    o.withObject("/spec/template/metadata/labels").put("x", "y");
                    daemonSets.kind().strategy().prepareForUpdate(o, set);
                });
        assertThat(changed.annotations()).containsEntry(generation, "2");
    }

    @Test
    void aDaemonSetsRowCountsNodes() {
        ApiObject set =
                daemonSets
                        .created(web(""))
                        .edit(o -> {
                            o.withObject("/spec/template/spec/nodeSelector").put("disk", "ssd");
                            o.withObject("/status")
                                    .put("desiredNumberScheduled", 3)
                                    .put("currentNumberScheduled", 2)
                                    .put("numberReady", 1);
                        });
        assertThat(daemonSets.header(0))
                .containsExactly(
                        "NAME",
                        "DESIRED",
                        "CURRENT",
                        "READY",
                        "UP-TO-DATE",
                        "AVAILABLE",
                        "NODE SELECTOR",
                        "AGE");
        assertThat(daemonSets.row(set)).containsExactly("web", 3, 2, 1, 0, 0, "disk=ssd", "42s");
    }

    @Test
    void aDaemonSetGoesForwardByUnavailabilityOrBySurgeButNotByBothOrNeither() {
        String strategy = ",'updateStrategy':{'rollingUpdate':{'maxUnavailable':%s,'maxSurge':%s}}";
        assertThat(daemonSets.wrong(web(strategy.formatted("0", "1")))).isEmpty();
        assertThat(daemonSets.wrong(web(strategy.formatted("1", "1"))))
                .containsExactly(
                        "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when"
                                + " maxUnavailable is non-zero");
        assertThat(daemonSets.wrong(web(strategy.formatted("0", "'0%'"))))
                .containsExactly(
                        "spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when"
                                + " maxSurge is 0");
        assertThat(daemonSets.wrong(web(",'updateStrategy':{'type':'Sometimes'}"))).hasSize(1);
    }

    @Test
    void aRevisionNamesItsControllerAndNeverChanges() {
        ApiObject revision =
                revisions.created(
                        "{'metadata':{'name':'web-1','creationTimestamp':'2026-01-01T11:59:18Z',"
                                + "'ownerReferences':[{'apiVersion':'apps/v1',"
                                + "'kind':'StatefulSet','name':'web',"
                                + "'uid':'u','controller':true}]},'revision':7,'data':{'a':1}}");
        assertThat(revisions.row(revision))
                .isEqualTo(List.of("web-1", "statefulset.apps/web", 7L, "42s"));
        assertThat(
                        revisions.wrongChange(
                                revision, revision.edit(o -> o.withObject("/data").put("a", 2))))
                .hasSize(1);
        assertThat(revisions.wrongChange(revision, revision.edit(o -> o.put("revision", 8))))
                .isEmpty();
        assertThat(revisions.wrong("{'metadata':{'name':'r'},'revision':-1}")).hasSize(2);
    }
}
