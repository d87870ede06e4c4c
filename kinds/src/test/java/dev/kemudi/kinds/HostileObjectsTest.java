package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.ResourceDefinition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Defaults run before the schema has had its say, so they meet whatever people send. Full objects
 * are broken at random places, by seed; nothing may throw, and what comes out must still be JSON.
 */
class HostileObjectsTest {
    private static final int ROUNDS = 700;

    private static final String POD =
            """
            {'restartPolicy':'Always','nodeName':'n','nodeSelector':{'a':'b'},'activeDeadlineSeconds':5,
             'terminationGracePeriodSeconds':7,'serviceAccountName':'s','hostname':'h','priority':1,
             'tolerations':[{'key':'k','operator':'Equal','value':'v','effect':'NoExecute',
             'tolerationSeconds':3}],
             'readinessGates':[{'conditionType':'x/y'}],'securityContext':{},
             'ephemeralContainers':[{'name':'e'}],
             'volumes':[{'name':'c','configMap':{'name':'m','items':[{'key':'k','path':'p'}]}},
               {'name':'p','projected':{'sources':[{'serviceAccountToken':{'path':'t'}},
                 {'downwardAPI':{'items':[{'path':'l','fieldRef':{'fieldPath':'metadata.labels'}}]}}]}},
               {'name':'h','hostPath':{'path':'/x'}},{'name':'e'},{'name':'s','secret':{'secretName':'q'}}],
             'initContainers':[{'name':'i','image':'x','restartPolicy':'Always'}],
             'containers':[{'name':'a','image':'b:1','ports':[{'name':'web','containerPort':80,'hostPort':1}],
               'env':[{'name':'A','valueFrom':{'fieldRef':{'fieldPath':'status.podIP'}}}],
               'resources':{'limits':{'cpu':'1','memory':'1Gi'},'requests':{'cpu':0.5}},
               'volumeMounts':[{'name':'c','mountPath':'/c','subPath':'d'}],
               'lifecycle':{'preStop':{'httpGet':{'port':1}}},
               'livenessProbe':{'exec':{'command':['x']}},'readinessProbe':{'httpGet':{'port':'web'}}}]}
            """;

    private static final String SPEC =
            """
            {'replicas':2,'minReadySeconds':1,'revisionHistoryLimit':3,'progressDeadlineSeconds':60,
            'parallelism':1,
             'completions':1,'backoffLimit':2,'completionMode':'Indexed','suspend':true,
             'finalizers':['kubernetes'],
             'strategy':{'type':'RollingUpdate','rollingUpdate':{'maxSurge':1,'maxUnavailable':'25%'}},
             'selector':{'matchLabels':{'app':'a'},'matchExpressions':[{'key':'k','operator':'In',
             'values':['v']}]},
             'template':{'metadata':{'labels':{'app':'a'},'annotations':{'x':'y'}},'spec':POD},
             'type':'LoadBalancer','clusterIP':'None','clusterIPs':['None'],'ipFamilies':['IPv4'],
             'externalName':'e.x','externalIPs':['1.2.3.4'],'sessionAffinity':'ClientIP',
             'sessionAffinityConfig':{},
             'ports':[{'name':'a','port':1,'targetPort':'web','nodePort':30000},{'name':'b','port':2}],
             'taints':[{'key':'k','effect':'NoSchedule'}],'unschedulable':true,
             'holderIdentity':'h','leaseDurationSeconds':5,'leaseTransitions':1,
             'accessModes':['ReadWriteOnce'],'resources':{'requests':{'storage':'1Gi'}},'volumeName':'v',
             'capacity':{'storage':'1Gi'},'hostPath':{'path':'/x'},'claimRef':{'namespace':'n','name':'c'},
             'nodeAffinity':{'required':{}},'podSelector':{'matchLabels':{'a':'b'}},'policyTypes':['Ingress'],
             'ingress':[{'ports':[{'port':80,'endPort':90}],
               'from':[{'ipBlock':{'cidr':'10.0.0.0/8','except':['10.1.0.0/16']}},{'podSelector':{}}]}],
             'egress':[{'to':[{'namespaceSelector':{}}]}],
             'defaultBackend':{'service':{'name':'s','port':{'number':80}}},'tls':[{'hosts':['*.a.b']}],
             'rules':[{'host':'a.b','http':{'paths':[{'path':'/','pathType':'Prefix',
               'backend':{'resource':{'kind':'K','name':'n'}}}]}}],
             'controller':'a.b/c','parameters':{'kind':'K','name':'n','scope':'Cluster'},
             'cidrs':['10.0.0.0/8'],
             'parentRef':{'resource':'r','name':'n'},'drivers':[{'name':'d','nodeID':'i',
             'allocatable':{'count':1}}],
             'attacher':'a','source':{'persistentVolumeName':'v'},'attachRequired':true,
             'tokenRequests':[{'audience':'a','expirationSeconds':600}],'volumeLifecycleModes':['Persistent']}
            """;

    private static final String OBJECT =
            """
            {'metadata':{'name':'a','namespace':'n','uid':'u','creationTimestamp':'2026-01-01T00:00:00Z',
              'deletionTimestamp':'2026-01-01T00:00:00Z','labels':{'kubernetes.io/role':'r'},
              'annotations':{'k':'v'},
              'ownerReferences':[{'apiVersion':'v1','kind':'K','name':'o','uid':'u','controller':true}]},
             'subsets':[{'addresses':[{'ip':'1.1.1.1','hostname':'h'}],'ports':[{'port':1,'name':'a'}]}],
             'template':{'metadata':{'labels':{'a':'b'}},'spec':{'containers':[{'name':'a'}]}},
             'provisioner':'p','parameters':{'a':'b'},'reclaimPolicy':'Delete',
             'volumeBindingMode':'Immediate',
             'storageClassName':'s','capacity':'1Gi','nodeTopology':{'matchLabels':{'a':'b'}},
             'handler':'h','overhead':{'podFixed':{'cpu':'1'}},
             'scheduling':{'nodeSelector':{'a':'b'},'tolerations':[{'key':'k'}]},
             'spec':SPEC,'data':{'k':'AA=='},'stringData':{'s':'t'},'binaryData':{'b':'AA=='},'type':'Opaque',
             'immutable':true,'secrets':[{}],'addressType':'IPv4','endpoints':[{'addresses':['1.1.1.1']}],
             'ports':[{'port':1}],'involvedObject':{'kind':'Pod','name':'p','namespace':'n'},'count':1,
             'series':{'count':2,'lastObservedTime':'2026-01-01T00:00:00Z'},'source':{'component':'c',
             'host':'h'},
             'lastTimestamp':'2026-01-01T00:00:00Z','message':'m','reason':'r',
             'status':{'phase':'Running','reason':'r','podIPs':[{'ip':'1'}],'capacity':{'cpu':1},
              'conditions':[{'type':'Ready','status':'True'}],'addresses':[{'type':'InternalIP',
              'address':'a'}],
              'nodeInfo':{'osImage':'o'},'loadBalancer':{'ingress':[{'ip':'1'},{'hostname':'h'}]},
              'succeeded':1,
              'startTime':'2026-01-01T00:00:00Z','completionTime':'2026-01-01T00:01:00Z',
              'initContainerStatuses':[{'name':'i','started':true,'state':{'waiting':{'reason':'w'}}}],
              'containerStatuses':[{'name':'a','restartCount':1,'ready':true,
              'state':{'terminated':{'exitCode':1}},
               'lastState':{'terminated':{'finishedAt':'2026-01-01T00:00:00Z'}}}]}}
            """;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 20261122})
    void brokenObjectsAreJudgedAndNeverThrow(long seed) {
        Random random = new Random(seed);
        List<ResourceDefinition> kinds = BuiltinKinds.all();
        String pods = OBJECT.replace("SPEC", POD);
        String others = OBJECT.replace("SPEC", SPEC.replace("POD", POD));
        for (int round = 0; round < ROUNDS; round++) {
            ApiObject whole = Subject.json(round % 2 == 0 ? pods : others);
            ObjectNode tree = whole.tree().deepCopy();
            for (int i = random.nextInt(4); i >= 0; i--) {
                breakSomewhere(tree, random);
            }
            for (ResourceDefinition kind : kinds) {
                assertThatCode(() -> judge(kind, tree.deepCopy(), whole))
                        .as("seed %d, round %d, %s: %s", seed, round, kind.singular(), tree)
                        .doesNotThrowAnyException();
            }
        }
    }

    private static void judge(ResourceDefinition kind, ObjectNode tree, ApiObject old)
            throws JsonProcessingException {
        kind.strategy().applyDefaults(tree);
        if (!tree.path("metadata").path("uid").asText("").isEmpty()) {
            kind.strategy().prepareForCreate(tree);
        }
        kind.strategy().prepareForUpdate(tree, old);
        ApiObject object = ApiObject.of(tree);
        kind.strategy().validate(object, Optional.empty());
        kind.strategy().validate(object, Optional.of(old));
        kind.strategy().selectableFields(object);
        kind.strategy().gracePeriodSeconds(object);
        kind.strategy().timeToLiveSeconds(object);
        ObjectMetaRules.validate(object);
        kind.columns()
                .forEach(column ->
                        Objects.requireNonNull(column.value().apply(object, Subject.NOW)));
        if (holdsMissing(tree)) {
            throw new IllegalStateException("a missing node went into the tree");
        }
        ApiObject.parse(Json.MAPPER.writeValueAsString(tree));
    }

    private static boolean holdsMissing(JsonNode node) {
        for (JsonNode child : node) {
            if (child.isMissingNode() || holdsMissing(child)) {
                return true;
            }
        }
        return false;
    }

    /** Goes down a random path and puts something there that does not belong. */
    private static void breakSomewhere(ObjectNode tree, Random random) {
        JsonNode node = tree;
        while (true) {
            List<JsonNode> below = new ArrayList<>();
            node.forEach(child -> {
                if (child.isContainerNode() && !child.isEmpty()) {
                    below.add(child);
                }
            });
            if (below.isEmpty() || random.nextInt(6) == 0) {
                break;
            }
            node = below.get(random.nextInt(below.size()));
        }
        if (node instanceof ObjectNode object && !object.isEmpty()) {
            List<String> names = object.properties().stream().map(Map.Entry::getKey).toList();
            object.set(names.get(random.nextInt(names.size())), junk(random));
        } else if (node instanceof ArrayNode array && !array.isEmpty()) {
            array.set(random.nextInt(array.size()), junk(random));
        }
    }

    private static JsonNode junk(Random random) {
        JsonNodeFactory json = JsonNodeFactory.instance;
        return switch (random.nextInt(11)) {
            case 0 -> json.nullNode();
            case 1 -> json.textNode("");
            case 2 -> json.textNode("../\u0000\n\"");
            case 3 -> json.numberNode(-1);
            case 4 -> json.numberNode(Long.MAX_VALUE);
            case 5 -> json.numberNode(1e300);
            case 6 -> json.objectNode();
            case 7 -> json.arrayNode();
            case 8 -> json.booleanNode(true);
            case 9 -> json.arrayNode().add(json.nullNode()).add("x").add(json.objectNode());
            default -> json.objectNode().put("a", "b").set("c", json.arrayNode().add(1));
        };
    }
}
