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
import org.junit.jupiter.params.provider.CsvFileSource;

class PatchesTest {
    private static final Schema DEPLOYMENT =
            new BuiltinSchemas().of("apps/v1", "Deployment").orElseThrow();
    private static final Schema NODE = new BuiltinSchemas().of("v1", "Node").orElseThrow();

    private static JsonNode json(String target, String patch) {
        return Patches.json(Trees.node(target), Trees.node(patch));
    }

    /** The examples of RFC 6902's appendix A, as far as they succeed. */
    @ParameterizedTest
    @CsvFileSource(resources = "json-patch.csv", delimiter = '|', quoteCharacter = '^')
    void jsonPatchDoesWhatTheRfcShows(String target, String patch, String expected) {
        assertThat((Object) json(target, patch)).isEqualTo(Trees.node(expected));
    }

    @ParameterizedTest
    @CsvFileSource(resources = "json-patch-refused.csv", delimiter = '|', quoteCharacter = '^')
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
    @CsvFileSource(resources = "merge-patch.csv", delimiter = '|', quoteCharacter = '^')
    void mergePatchDoesWhatTheRfcShows(String target, String patch, String expected) {
        assertThat((Object) Patches.merge(Trees.node(target), Trees.node(patch)))
                .isEqualTo(Trees.node(expected));
    }

    private static JsonNode pods(String target, String patch) {
        String open = "{'spec':{'template':{'spec':";
        return Patches.strategic(
                        Trees.object(open + target + "}}}"),
                        Trees.object(open + patch + "}}}"),
                        DEPLOYMENT)
                .at("/spec/template/spec");
    }

    @ParameterizedTest
    @CsvFileSource(resources = "strategic-merge.csv", delimiter = '|', quoteCharacter = '^')
    void strategicMergeFollowsKeysAndDirectives(String target, String patch, String expected) {
        assertThat((Object) pods(target, patch)).isEqualTo(Trees.node(expected));
    }

    @ParameterizedTest
    @CsvFileSource(resources = "strategic-merge-scalars.csv", delimiter = '|', quoteCharacter = '^')
    void listsOfScalarsMergeAsSets(String finalizers, String patch, String expected) {
        ObjectNode target = Trees.object("{'metadata':{'finalizers':" + finalizers + "}}");
        ObjectNode result =
                Patches.strategic(target, Trees.object("{'metadata':" + patch + "}"), NODE);
        assertThat((Object) result.at("/metadata/finalizers")).isEqualTo(Trees.node(expected));
    }

    @Test
    void conditionsMergeByTypeAsKubeletsSendThem() {
        ObjectNode node =
                Trees.object(
                        "{'status':{'conditions':[{'type':'Ready','status':'False'},{'type':'Disk','status':"
                                + "'True'}]}}");
        ObjectNode patch =
                Trees.object(
                        "{'status':{'$setElementOrder/conditions':[{'type':'Ready'},{'type':'Disk'}],"
                                + "'conditions':[{'type':'Ready','status':'True'}]}}");

        assertThat((Object) Patches.strategic(node, patch, NODE))
                .isEqualTo(
                        Trees.node(
                                "{'status':{'conditions':[{'type':'Ready','status':'True'},"
                                        + "{'type':'Disk','status':"
                                        + "'True'}]}}"));
    }

    @Test
    void misplacedDirectivesAreRefused() {
        assertThatExceptionOfType(PatchException.class)
                .isThrownBy(() -> pods("{}", "{'$patch':'frob'}"))
                .withMessageContaining("$patch");
        assertThatExceptionOfType(PatchException.class)
                .isThrownBy(() ->
                        pods("{'containers':[{'name':'a'}]}", "{'containers':[{'image':'x'}]}"))
                .withMessageContaining("merge key \"name\"");
        assertThatExceptionOfType(PatchException.class)
                .isThrownBy(() ->
                        pods(
                                "{}",
                                "{'volumes':[{'name':'v','$retainKeys':['name'],'emptyDir':{}}]}"))
                .withMessageContaining("$retainKeys");
    }

    /**
     * Laws, over seeded random trees: inputs stay as they are; merging twice is merging once; a
     * made patch arrives.
     */
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

    /**
     * Seeded: any patch made of plausible parts either applies or is refused with PatchException;
     * the target stays.
     */
    @Test
    void noJsonPatchDoesWorseThanBeingRefused() {
        Random random = new Random(11);
        RandomTrees trees = new RandomTrees(random);
        String[] operations = {"add", "remove", "replace", "move", "copy", "test", "frob"};
        String[] paths = {
            "", "/", "/a", "/b/c", "/l/0", "/l/-", "/l/99", "/a/b/c", "x", "/~2", "/l/1e3", "/a~1b"
        };
        int refused = 0;
        for (int round = 0; round < 5_000; round++) {
            ObjectNode target = trees.object(3);
            JsonNode before = target.deepCopy();
            ArrayNode patch = JsonNodeFactory.instance.arrayNode();
            for (int i = random.nextInt(4); i >= 0; i--) {
                ObjectNode operation =
                        patch.addObject().put("op", operations[random.nextInt(operations.length)]);
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
