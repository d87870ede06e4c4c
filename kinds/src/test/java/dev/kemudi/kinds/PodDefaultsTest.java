package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodDefaultsTest {
    private final Subject pods = Subject.of(Resource.PODS);

    /**
     * The expectation is what {@code kubectl run web --image=nginx} leaves behind, less the token
     * volume.
     */
    @Test
    void theSmallestPodReadsAsKubernetesWouldShowIt() {
        ApiObject pod =
                pods.created(
                        "{'metadata':{'name':'web'},'spec':{'containers':[{'name':'web','image':'nginx'}]}}");

        assertThat(pod.at("/spec"))
                .isEqualTo(
                        Subject.json(
                                        """
                                        {'containers':[{'name':'web','image':'nginx',
                                        'imagePullPolicy':'Always','resources':{},
                                           'terminationMessagePath':'/dev/termination-log',
                                           'terminationMessagePolicy':'File'}],
                                         'dnsPolicy':'ClusterFirst','enableServiceLinks':true,
                                         'preemptionPolicy':'PreemptLowerPriority','priority':0,
                                         'restartPolicy':'Always',
                                         'schedulerName':'default-scheduler','securityContext':{},
                                         'serviceAccount':'default','serviceAccountName':'default',
                                         'terminationGracePeriodSeconds':30,
                                         'tolerations':[
                                          {'effect':'NoExecute','key':'node.kubernetes.io/not-ready',
                                          'operator':'Exists',
                                           'tolerationSeconds':300},
                                          {'effect':'NoExecute','key':'node.kubernetes.io/unreachable',
                                          'operator':'Exists',
                                           'tolerationSeconds':300}]}
                                        """)
                                .tree());
        assertThat(pod.at("/status"))
                .isEqualTo(Subject.json("{'phase':'Pending','qosClass':'BestEffort'}").tree());
    }

    @ParameterizedTest
    @CsvSource({
        "nginx, Always",
        "nginx:latest, Always",
        "nginx:1.27, IfNotPresent",
        "registry:5000/nginx, Always",
        "registry:5000/nginx:2, IfNotPresent",
        "nginx@sha256:abc, IfNotPresent",
        "nginx:latest@sha256:abc, Always",
        "host, IfNotPresent",
        "file:/opt/app.jar, IfNotPresent",
    })
    void theTagDecidesWhetherAnImageIsPulledAgain(String image, String policy) {
        assertThat(PodDefaults.pullPolicy(image)).isEqualTo(policy);
    }

    @Test
    void aProbeIsFilledInDownToItsScheme() {
        ApiObject pod =
                pods.defaulted(
                        "{'spec':{'containers':[{'name':'a','image':'b:1',"
                                + "'readinessProbe':{'httpGet':{'port':80}}}]}}");

        assertThat(pod.at("/spec/containers/0/readinessProbe"))
                .isEqualTo(
                        Subject.json(
                                        "{'httpGet':{'port':80,'path':'/','scheme':'HTTP'},"
                                                + "'timeoutSeconds':1,"
                                                + "'periodSeconds':10,'successThreshold':1,"
                                                + "'failureThreshold':3}")
                                .tree());
    }

    /** {@code kubectl create} sends protobuf, in which a number left out reads as zero. */
    @Test
    void zerosOfProtobufClientsMeanLeftOut() {
        ApiObject pod =
                pods.defaulted(
                        "{'spec':{'containers':[{'name':'a','image':'b:1','startupProbe':"
                                + "{'tcpSocket':{'port':80},'timeoutSeconds':0,'failureThreshold':0}}]}}");
        ApiObject service =
                Subject.of(Resource.SERVICES)
                        .defaulted(
                                "{'spec':{'ports':[{'port':80,'targetPort':0},{'port':81,"
                                        + "'targetPort':'web'}]}}");

        assertThat(pod.at("/spec/containers/0/startupProbe/timeoutSeconds").asInt()).isEqualTo(1);
        assertThat(pod.at("/spec/containers/0/startupProbe/failureThreshold").asInt()).isEqualTo(3);
        assertThat(service.at("/spec/ports/0/targetPort").asInt()).isEqualTo(80);
        assertThat(service.at("/spec/ports/1/targetPort").asText()).isEqualTo("web");
    }

    @Test
    void whatTheUserChoseStaysAsItIs() {
        ApiObject pod =
                pods.created(
                        "{'spec':{'restartPolicy':'Never','terminationGracePeriodSeconds':0,"
                                + "'tolerations':[{'operator':'Exists'}],"
                                + "'serviceAccountName':'robot','containers':["
                                + "{'name':'a','image':'b','imagePullPolicy':'Never',"
                                + "'ports':[{'containerPort':53,'protocol':'UDP'}]}]}}");

        assertThat(pod.text("/spec/restartPolicy")).isEqualTo("Never");
        assertThat(pod.integer("/spec/terminationGracePeriodSeconds", -1)).isZero();
        assertThat(pod.at("/spec/tolerations")).hasSize(1);
        assertThat(pod.text("/spec/serviceAccount")).isEqualTo("robot");
        assertThat(pod.text("/spec/containers/0/imagePullPolicy")).isEqualTo("Never");
        assertThat(pod.text("/spec/containers/0/ports/0/protocol")).isEqualTo("UDP");
    }

    @Test
    void requestsFollowLimitsAndQuantitiesAreWrittenCanonically() {
        ApiObject pod =
                pods.created(
                        "{'spec':{'containers':[{'name':'a','image':'b','resources':"
                                + "{'limits':{'cpu':0.5,'memory':'1024Mi'}}}]}}");

        assertThat(pod.at("/spec/containers/0/resources"))
                .isEqualTo(
                        Subject.json(
                                        "{'limits':{'cpu':'500m','memory':'1Gi'},"
                                                + "'requests':{'cpu':'500m','memory':'1Gi'}}")
                                .tree());
        assertThat(pod.text("/status/qosClass")).isEqualTo("Guaranteed");
    }

    @Test
    void aRequestWithoutLimitMakesAPodBurstable() {
        ApiObject pod =
                pods.created(
                        "{'spec':{'containers':[{'name':'a','image':'b','resources':"
                                + "{'requests':{'cpu':'100m'}}}]}}");
        assertThat(pod.text("/status/qosClass")).isEqualTo("Burstable");
    }

    @Test
    void volumesGetTheirModesAndANamelessSourceIsAnEmptyFolder() {
        ApiObject pod =
                pods.defaulted(
                        "{'spec':{'volumes':[{'name':'a'},{'name':'b','configMap':{'name':'c'}},"
                                + "{'name':'d','secret':{'secretName':'e','defaultMode':256}}]}}");
        assertThat(pod.at("/spec/volumes/0/emptyDir").isObject()).isTrue();
        assertThat(pod.at("/spec/volumes/1/configMap/defaultMode").asInt()).isEqualTo(420);
        assertThat(pod.at("/spec/volumes/2/secret/defaultMode").asInt()).isEqualTo(256);
    }

    @Test
    void defaultingTwiceChangesNothingMore() {
        ApiObject once =
                pods.created(
                        "{'spec':{'containers':[{'name':'a','image':'b','resources':"
                                + "{'limits':{'cpu':'1.50'}},'livenessProbe':{'grpc':{'port':1}}}],"
                                + "'volumes':[{'name':'v'}]}}");
        assertThat(once.edit(pods.kind().strategy()::applyDefaults)).isEqualTo(once);
    }

    @Test
    void onlyAPodThatANodeRunsIsGivenTimeToStop() {
        var strategy = pods.kind().strategy();
        ApiObject pending = pods.created("{'spec':{'containers':[{'name':'a','image':'b'}]}}");
        ApiObject bound = pending.edit(o -> o.withObject("/spec").put("nodeName", "n1"));
        ApiObject finished = bound.edit(o -> o.withObject("/status").put("phase", "Succeeded"));

        assertThat(strategy.gracePeriodSeconds(pending)).isEqualTo(OptionalLong.of(0));
        assertThat(strategy.gracePeriodSeconds(bound)).isEqualTo(OptionalLong.of(30));
        assertThat(strategy.gracePeriodSeconds(finished)).isEqualTo(OptionalLong.of(0));
    }

    @Test
    void podsAreFoundByNodePhaseAndAddress() {
        ApiObject pod =
                Subject.json(
                        "{'spec':{'nodeName':'n1','restartPolicy':'Never'},"
                                + "'status':{'phase':'Running','podIP':'127.1.0.2'}}");
        assertThat(pods.kind().strategy().selectableFields(pod))
                .containsEntry("spec.nodeName", "n1")
                .containsEntry("spec.restartPolicy", "Never")
                .containsEntry("status.phase", "Running")
                .containsEntry("status.podIP", "127.1.0.2")
                .containsEntry("spec.serviceAccountName", "");
    }
}
