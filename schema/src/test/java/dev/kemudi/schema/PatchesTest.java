package dev.kemudi.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PatchesTest {
    private static final Schema DEPLOYMENT = new BuiltinSchemas().of("apps/v1", "Deployment").orElseThrow();
    private static final Schema NODE = new BuiltinSchemas().of("v1", "Node").orElseThrow();

    private static JsonNode json(String target, String patch) {
        return Patches.json(Trees.node(target), Trees.node(patch));
    }

    /** The examples of RFC 6902's appendix A, as far as they succeed. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {'foo':'bar'}                    | [{'op':'add','path':'/baz','value':'qux'}]                    | {'baz':'qux','foo':'bar'}
            {'foo':['bar','baz']}            | [{'op':'add','path':'/foo/1','value':'qux'}]                  | {'foo':['bar','qux','baz']}
            {'baz':'qux','foo':'bar'}        | [{'op':'remove','path':'/baz'}]                               | {'foo':'bar'}
            {'foo':['bar','qux','baz']}      | [{'op':'remove','path':'/foo/1'}]                             | {'foo':['bar','baz']}
            {'baz':'qux','foo':'bar'}        | [{'op':'replace','path':'/baz','value':'boo'}]                | {'baz':'boo','foo':'bar'}
            {'foo':{'a':1,'w':2},'q':{}}     | [{'op':'move','from':'/foo/w','path':'/q/t'}]                 | {'foo':{'a':1},'q':{'t':2}}
            {'foo':['all','grass','cows','eat']} | [{'op':'move','from':'/foo/1','path':'/foo/3'}]           | {'foo':['all','cows','eat','grass']}
            {'baz':'qux','foo':['a',2,'c']}  | [{'op':'test','path':'/baz','value':'qux'},{'op':'test','path':'/foo/1','value':2.0}] | {'baz':'qux','foo':['a',2,'c']}
            {'foo':'bar'}                    | [{'op':'add','path':'/child','value':{'g':{}}}]               | {'foo':'bar','child':{'g':{}}}
            {'/':9,'~1':10}                  | [{'op':'test','path':'/~01','value':10}]                      | {'/':9,'~1':10}
            {'foo':['bar']}                  | [{'op':'add','path':'/foo/-','value':['abc']}]                | {'foo':['bar',['abc']]}
            {'foo':1}                        | [{'op':'replace','path':'','value':{'a':2}}]                  | {'a':2}
            {'a':{'b':1}}                    | [{'op':'copy','from':'/a','path':'/c'}]                       | {'a':{'b':1},'c':{'b':1}}
            """, quoteCharacter = '^')
    void jsonPatchDoesWhatTheRfcShows(String target, String patch, String expected) {
        assertThat((Object) json(target, patch)).isEqualTo(Trees.node(expected));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            [{'op':'test','path':'/a','value':2}]                           | operation 0 (test /a) | false
            [{'op':'add','path':'/b','value':1},{'op':'remove','path':'/x'}]| operation 1 (remove /x) | false
            [{'op':'add','path':'/b/c','value':1}]                          | no "b"                | false
            [{'op':'add','path':'/l/9','value':1}]                          | out of bounds         | false
            [{'op':'add','path':'/l/01','value':1}]                         | no array index        | false
            [{'op':'move','from':'/o','path':'/o/x'}]                       | into itself           | false
            [{'op':'frob','path':'/a'}]                                     | unknown operation     | true
            [{'op':'add','path':'/b'}]                                      | needs a "value"       | true
            [{'path':'/b'}]                                                 | needs a string "op"   | true
            [{'op':'add','path':'b','value':1}]                             | must start with /     | true
            {'a':1}                                                         | must be an array      | true
            """, quoteCharacter = '^')
    void aFailingOperationIsNamed(String patch, String message, boolean malformed) {
        assertThatExceptionOfType(PatchException.class)
                .isThrownBy(() -> json("{'a':1,'l':[1],'o':{}}", patch))
                .withMessageContaining(message)
                .matches(e -> e.malformed() == malformed);
    }

    @Test
    void copiesCannotDoubleADocumentWithoutEnd() {
        ArrayNode bomb = JsonNodeFactory.instance.arrayNode();
        for (int i = 0; i < 40; i++) {
            bomb.addObject().put("op", "copy").put("from", "/a").put("path", "/a/-");
        }
        assertThatExceptionOfType(PatchException.class)
                .isThrownBy(() -> Patches.json(Trees.node("{'a':[1,2,3]}"), bomb))
                .withMessageContaining("copies more than");
    }

    /** The table of RFC 7386's appendix A. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {'a':'b'}         | {'a':'c'}            | {'a':'c'}
            {'a':'b'}         | {'b':'c'}            | {'a':'b','b':'c'}
            {'a':'b'}         | {'a':null}           | {}
            {'a':['b']}       | {'a':'c'}            | {'a':'c'}
            {'a':{'b':'c'}}   | {'a':{'b':'d','c':null}} | {'a':{'b':'d'}}
            {'a':[{'b':'c'}]} | {'a':[1]}            | {'a':[1]}
            ['a','b']         | ['c','d']            | ['c','d']
            {'a':'b'}         | ['c']                | ['c']
            {'a':'foo'}       | null                 | null
            {'e':null}        | {'a':1}              | {'e':null,'a':1}
            [1,2]             | {'a':'b','c':null}   | {'a':'b'}
            {}                | {'a':{'bb':{'ccc':null}}} | {'a':{'bb':{}}}
            """, quoteCharacter = '^')
    void mergePatchDoesWhatTheRfcShows(String target, String patch, String expected) {
        assertThat((Object) Patches.merge(Trees.node(target), Trees.node(patch))).isEqualTo(Trees.node(expected));
    }

    private static JsonNode pods(String target, String patch) {
        String open = "{'spec':{'template':{'spec':";
        return Patches.strategic(Trees.object(open + target + "}}}"), Trees.object(open + patch + "}}}"), DEPLOYMENT)
                .at("/spec/template/spec");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {'containers':[{'name':'a','image':'1'},{'name':'b','image':'1'}]} | {'containers':[{'name':'b','image':'2'},{'name':'c'}]} | {'containers':[{'name':'a','image':'1'},{'name':'b','image':'2'},{'name':'c'}]}
            {'containers':[{'name':'a'},{'name':'b'}]} | {'containers':[{'name':'a','$patch':'delete'}]} | {'containers':[{'name':'b'}]}
            {'containers':[{'name':'a'},{'name':'b'}]} | {'containers':[{'$patch':'replace'},{'name':'z'}]} | {'containers':[{'name':'z'}]}
            {'tolerations':[{'key':'a'}]} | {'tolerations':[{'key':'b'}]} | {'tolerations':[{'key':'b'}]}
            {'nodeSelector':{'a':'1','b':'2'}} | {'nodeSelector':{'$patch':'replace','c':'3'}} | {'nodeSelector':{'c':'3'}}
            {'nodeSelector':{'a':'1','b':'2'}} | {'nodeSelector':{'a':null}} | {'nodeSelector':{'b':'2'}}
            {'volumes':[{'name':'v','emptyDir':{}}]} | {'volumes':[{'name':'v','$retainKeys':['name','configMap'],'configMap':{'name':'c'}}]} | {'volumes':[{'name':'v','configMap':{'name':'c'}}]}
            {'containers':[{'name':'a'},{'name':'b'},{'name':'c'}]} | {'$setElementOrder/containers':[{'name':'c'},{'name':'a'}],'containers':[{'name':'c','image':'2'}]} | {'containers':[{'name':'b'},{'name':'c','image':'2'},{'name':'a'}]}
            {'containers':[{'name':'a'},{'name':'b'}]} | {'$setElementOrder/containers':[{'name':'b'},{'name':'a'}]} | {'containers':[{'name':'b'},{'name':'a'}]}
            {'containers':[{'name':'a','ports':[{'containerPort':80}]}]} | {'containers':[{'name':'a','ports':[{'containerPort':81},{'containerPort':80,'name':'w'}]}]} | {'containers':[{'name':'a','ports':[{'containerPort':80,'name':'w'},{'containerPort':81}]}]}
            {} | {'containers':[{'name':'a','image':null,'env':[{'name':'x','$patch':'delete'}]}]} | {'containers':[{'name':'a','env':[]}]}
            {'securityContext':{'runAsUser':1}} | {'securityContext':{'$patch':'delete'}} | {'securityContext':{}}
            """, quoteCharacter = '^')
    void strategicMergeFollowsKeysAndDirectives(String target, String patch, String expected) {
        assertThat((Object) pods(target, patch)).isEqualTo(Trees.node(expected));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ['a','b'] | {'finalizers':['c','a']} | ['a','b','c']
            ['a','b'] | {'$deleteFromPrimitiveList/finalizers':['a']} | ['b']
            ['a','b'] | {'$deleteFromPrimitiveList/finalizers':['a'],'finalizers':['c'],'$setElementOrder/finalizers':['c','b']} | ['c','b']
            """, quoteCharacter = '^')
    void listsOfScalarsMergeAsSets(String finalizers, String patch, String expected) {
        ObjectNode target = Trees.object("{'metadata':{'finalizers':" + finalizers + "}}");
        ObjectNode result = Patches.strategic(target, Trees.object("{'metadata':" + patch + "}"), NODE);
        assertThat((Object) result.at("/metadata/finalizers")).isEqualTo(Trees.node(expected));
    }

    @Test
    void conditionsMergeByTypeAsKubeletsSendThem() {
        ObjectNode node = Trees.object("{'status':{'conditions':[{'type':'Ready','status':'False'},{'type':'Disk','status':"
                + "'True'}]}}");
        ObjectNode patch = Trees.object("{'status':{'$setElementOrder/conditions':[{'type':'Ready'},{'type':'Disk'}],"
                + "'conditions':[{'type':'Ready','status':'True'}]}}");

        assertThat((Object) Patches.strategic(node, patch, NODE))
                .isEqualTo(Trees.node("{'status':{'conditions':[{'type':'Ready','status':'True'},{'type':'Disk','status':"
                        + "'True'}]}}"));
    }

    @Test
    void misplacedDirectivesAreRefused() {
        assertThatExceptionOfType(PatchException.class)
                .isThrownBy(() -> pods("{}", "{'$patch':'frob'}"))
                .withMessageContaining("$patch");
        assertThatExceptionOfType(PatchException.class)
                .isThrownBy(() -> pods("{'containers':[{'name':'a'}]}", "{'containers':[{'image':'x'}]}"))
                .withMessageContaining("merge key \"name\"");
        assertThatExceptionOfType(PatchException.class)
                .isThrownBy(() -> pods("{}", "{'volumes':[{'name':'v','$retainKeys':['name'],'emptyDir':{}}]}"))
                .withMessageContaining("$retainKeys");
    }

    /** Laws, over seeded random trees: inputs stay as they are; merging twice is merging once; a made patch arrives. */
    @Test
    void mergeLawsHold() {
        RandomTrees random = new RandomTrees(new Random(7));
        for (int round = 0; round < 3_000; round++) {
            ObjectNode from = random.object(4);
            ObjectNode to = random.object(4);
            JsonNode fromBefore = from.deepCopy();
            ObjectNode patch = RandomTrees.mergePatch(from, to);
            JsonNode arrived = Patches.merge(from, patch);
            assertThat((Object) arrived).as("round %d", round).isEqualTo(to);
            assertThat((Object) Patches.merge(arrived, patch)).isEqualTo(arrived);
            assertThat((Object) from).isEqualTo(fromBefore);
        }
    }

    /** Seeded: any patch made of plausible parts either applies or is refused with PatchException; the target stays. */
    @Test
    void noJsonPatchDoesWorseThanBeingRefused() {
        Random random = new Random(11);
        RandomTrees trees = new RandomTrees(random);
        String[] operations = {"add", "remove", "replace", "move", "copy", "test", "frob"};
        String[] paths = {"", "/", "/a", "/b/c", "/l/0", "/l/-", "/l/99", "/a/b/c", "x", "/~2", "/l/1e3", "/a~1b"};
        int refused = 0;
        for (int round = 0; round < 5_000; round++) {
            ObjectNode target = trees.object(3);
            JsonNode before = target.deepCopy();
            ArrayNode patch = JsonNodeFactory.instance.arrayNode();
            for (int i = random.nextInt(4); i >= 0; i--) {
                ObjectNode operation = patch.addObject().put("op", operations[random.nextInt(operations.length)]);
                operation.put("path", paths[random.nextInt(paths.length)]);
                operation.put("from", paths[random.nextInt(paths.length)]);
                operation.set("value", trees.object(2));
            }
            try {
                Patches.json(target, patch);
            } catch (PatchException e) {
                refused++;
            }
            assertThat((Object) target).isEqualTo(before);
        }
        assertThat(refused).isBetween(1, 4_999);
    }
}
