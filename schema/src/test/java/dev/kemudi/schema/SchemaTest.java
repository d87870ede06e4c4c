package dev.kemudi.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Status;
import java.util.List;
import org.junit.jupiter.api.Test;

class SchemaTest {
    private static Schema of(String specProperties) {
        return Schema.compile(
                Trees.node(
                        "{'type':'object','properties':{'spec':{'type':'object','properties':{"
                                + specProperties
                                + "}}}}"));
    }

    private static List<String> causes(Schema schema, String spec) {
        return schema.validate(Trees.node("{'spec':" + spec + "}")).stream()
                .map(c -> c.reason() + " " + c.field() + ": " + c.message())
                .toList();
    }

    @Test
    void aWrongTypeIsNamedAsKubernetesNamesIt() {
        Schema schema =
                of(
                        "'replicas':{'type':'integer'},'name':{'type':'string'},'on':{'type':'boolean'}");

        assertThat(causes(schema, "{'replicas':'three'}"))
                .containsExactly(
                        "FieldValueTypeInvalid spec.replicas: Invalid value: \"string\": spec.replicas "
                                + "in body "
                                + "must be of type integer: \"string\"");
        assertThat(causes(schema, "{'name':5}"))
                .singleElement()
                .asString()
                .contains("must be of type string: \"integer\"");
        assertThat(causes(schema, "{'on':{}}"))
                .singleElement()
                .asString()
                .contains("must be of type boolean: \"object\"");
        assertThat(causes(schema, "{'replicas':null}"))
                .singleElement()
                .asString()
                .contains("type integer: \"null\"");
        assertThat(causes(schema, "{'replicas':3.0,'name':'x','on':true}")).isEmpty();
        assertThat(causes(schema, "{'replicas':3.5}"))
                .singleElement()
                .asString()
                .contains("\"number\"");
    }

    @Test
    void eachConstraintHasItsSentence() {
        Schema schema =
                of(
                        "'n':{'type':'integer','minimum':1,'maximum':10},'x':{'type':'number',"
                                + "'exclusiveMinimum':true,"
                                + "'minimum':0,'multipleOf':0.5},'s':{'type':'string','minLength':2,"
                                + "'maxLength':3,'pattern':'^[a-z]+$'},"
                                + "'e':{'type':'string','enum':['a','b']},'l':{'type':'array',"
                                + "'maxItems':1,'items':{'type':'string'}},"
                                + "'m':{'type':'object','maxProperties':1,"
                                + "'additionalProperties':{'type':'string'}}");

        assertThat(causes(schema, "{'n':11}"))
                .containsExactly(
                        "FieldValueInvalid spec.n: Invalid value: 11: spec.n in body should be less than "
                                + "or equal "
                                + "to 10");
        assertThat(causes(schema, "{'n':0}"))
                .singleElement()
                .asString()
                .contains("greater than or equal to 1");
        assertThat(causes(schema, "{'x':0}"))
                .singleElement()
                .asString()
                .endsWith("should be greater than 0");
        assertThat(causes(schema, "{'x':0.7}"))
                .singleElement()
                .asString()
                .endsWith("should be a multiple of 0.5");
        assertThat(causes(schema, "{'s':'abcd'}"))
                .singleElement()
                .asString()
                .startsWith("FieldValueTooLong spec.s: Too long");
        assertThat(causes(schema, "{'s':'a'}"))
                .singleElement()
                .asString()
                .endsWith("should be at least 2 chars long");
        assertThat(causes(schema, "{'s':'A1'}"))
                .singleElement()
                .asString()
                .endsWith("should match '^[a-z]+$'");
        assertThat(causes(schema, "{'e':'c'}"))
                .containsExactly(
                        "FieldValueNotSupported spec.e: Unsupported value: \"c\": supported values: "
                                + "\"a\", \"b\"");
        assertThat(causes(schema, "{'l':['a','b']}"))
                .containsExactly(
                        "FieldValueTooMany spec.l: Too many: 2: must have at most 1 items");
        assertThat(causes(schema, "{'m':{'a':'1','b':'2'}}"))
                .singleElement()
                .asString()
                .contains("Too many: 2");
        assertThat(causes(schema, "{'m':{'a.b':1}}"))
                .singleElement()
                .asString()
                .startsWith("FieldValueTypeInvalid spec.m[a.b]");
    }

    @Test
    void requiredMembersAreAskedForByPath() {
        Schema schema =
                Schema.compile(
                        Trees.node(
                                "{'type':'object','required':['spec'],'properties':{'spec':{'type':"
                                        + "'object','required':['b','a'],"
                                        + "'properties':{'a':{'type':'string'},'b':{'type':'string'}}}}}"));

        assertThat(schema.validate(Trees.node("{}")))
                .containsExactly(new Status.Cause("FieldValueRequired", "Required value", "spec"));
        assertThat(schema.validate(Trees.node("{'spec':{}}")))
                .extracting(Status.Cause::field)
                .containsExactly("spec.a", "spec.b");
    }

    @Test
    void listsOfSetsAndMapsRefuseDuplicates() {
        Schema schema =
                of(
                        "'set':{'type':'array','x-kubernetes-list-type':'set','items':{'type':'string'}},"
                                + "'map':{'type':"
                                + "'array','x-kubernetes-list-type':'map',"
                                + "'x-kubernetes-list-map-keys':['port','protocol'],'items':{'type':"
                                + "'object','properties':{'port':{'type':'integer'},"
                                + "'protocol':{'type':'string','default':'TCP'}}}}");

        assertThat(causes(schema, "{'set':['a','b','a']}"))
                .containsExactly("FieldValueDuplicate spec.set[2]: Duplicate value: \"a\"");
        assertThat(
                        causes(
                                schema,
                                "{'map':[{'port':80},{'port':80,'protocol':'UDP'},{'port':80,"
                                        + "'protocol':'TCP'}]}"))
                .containsExactly(
                        "FieldValueDuplicate spec.map[2]: Duplicate value: {\"port\":80,"
                                + "\"protocol\":\"TCP\"}");
    }

    @Test
    void formatsAndIntOrStringAreChecked() {
        Schema schema =
                of(
                        "'t':{'type':'string','format':'date-time'},"
                                + "'p':{'x-kubernetes-int-or-string':true},'c':{'type':"
                                + "'string','format':'cidr'},'i':{'type':'integer','format':'int32'}");

        assertThat(causes(schema, "{'t':'2026-11-22T10:00:00Z','p':80,'c':'10.0.0.0/8','i':5}"))
                .isEmpty();
        assertThat(causes(schema, "{'p':'http'}")).isEmpty();
        assertThat(causes(schema, "{'p':true}"))
                .singleElement()
                .asString()
                .contains("must be of type integer,string");
        assertThat(causes(schema, "{'t':'yesterday'}"))
                .singleElement()
                .asString()
                .contains("must be of type date-time");
        assertThat(causes(schema, "{'c':'10.0.0.0/33'}")).hasSize(1);
        assertThat(causes(schema, "{'i':3000000000}")).hasSize(1);
    }

    @Test
    void noPatternTakesLongOverAValue() {
        Schema schema = of("'s':{'type':'string','pattern':'^(a+)+$'}");

        assertThat(causes(schema, "{'s':'" + "a".repeat(5_000) + "!'}")).hasSize(1);
    }

    @Test
    void anyOfOneOfAndNotHold() {
        Schema schema =
                of(
                        "'a':{'type':'integer','anyOf':[{'maximum':1},{'minimum':9}]},"
                                + "'o':{'type':'integer','oneOf':[{"
                                + "'maximum':5},{'minimum':3}]},'n':{'type':'integer','not':{'enum':[7]}}");

        assertThat(causes(schema, "{'a':0,'o':1,'n':6}")).isEmpty();
        assertThat(causes(schema, "{'a':5}"))
                .singleElement()
                .asString()
                .contains("at least one schema (anyOf)");
        assertThat(causes(schema, "{'o':4}"))
                .singleElement()
                .asString()
                .contains("one and only one schema (oneOf)");
        assertThat(causes(schema, "{'n':7}"))
                .singleElement()
                .asString()
                .contains("must not validate the schema (not)");
    }

    @Test
    void unknownFieldsAreFoundAndPrunedButPreservedWhereTheSchemaSaysSo() {
        Schema schema =
                of(
                        "'known':{'type':'object','properties':{'a':{'type':'string'}}},"
                                + "'open':{'type':'object',"
                                + "'x-kubernetes-preserve-unknown-fields':true,"
                                + "'properties':{'in':{'type':'object','properties':{}}}},"
                                + "'list':{'type':'array','items':{'type':'object',"
                                + "'properties':{'a':{'type':'string'}}}}");
        ObjectNode object =
                Trees.object(
                        "{'spec':{'known':{'a':'1','b':'2'},'open':{'x':{'y':1},'in':{'z':1}},'list':[{"
                                + "'a':'1'},{'foo':2}],'extra':1}}");

        assertThat(schema.unknownFields(object))
                .containsExactly(
                        "spec.known.b", "spec.open.in.z", "spec.list[1].foo", "spec.extra");
        assertThat((Object) schema.prune(object))
                .isEqualTo(
                        Trees.node(
                                "{'spec':{'known':{'a':'1'},'open':{'x':{'y':1},'in':{}},"
                                        + "'list':[{'a':'1'},{}]}}"));
        assertThat(object.at("/spec/extra").asInt()).as("the argument is untouched").isEqualTo(1);
    }

    @Test
    void defaultsFillWhatIsAbsentAndWhatMayNotBeNull() {
        Schema schema =
                of(
                        "'a':{'type':'integer','default':1},'n':{'type':'string','nullable':true,"
                                + "'default':'x'},'o':{"
                                + "'type':'object','default':{},'properties':{'deep':{'type':'string',"
                                + "'default':'d'}}}");
        ObjectNode object = Trees.object("{'spec':{'a':null,'n':null}}");

        schema.applyDefaults(object);

        assertThat((Object) object)
                .isEqualTo(Trees.node("{'spec':{'a':1,'n':null,'o':{'deep':'d'}}}"));
    }

    @Test
    void recursiveDefinitionsAreFollowedOnlyAsFarAsTheValueGoes() {
        var tree =
                Trees.node(
                        "{'type':'object','properties':{'left':{'$ref':'#/components/schemas/tree'},"
                                + "'v':{'type':"
                                + "'integer'}}}");
        Schema schema =
                Schema.compile(Trees.node("{'$ref':'#/components/schemas/tree'}"), name -> tree);

        assertThat(schema.validate(Trees.node("{'left':{'left':{'v':'x'}}}")))
                .extracting(Status.Cause::field)
                .containsExactly("left.left.v");
    }

    @Test
    void structuralRulesNameWhatBreaksThem() {
        var broken =
                Trees.node(
                        "{'type':'object','properties':{'a':{},'b':{'type':'array'},'c':{'type':'strin'},"
                                + "'d':{"
                                + "'type':'object','properties':{'x':{'type':'string'}},"
                                + "'additionalProperties':{'type':'string'}},'e':{"
                                + "'$ref':'#/x'},'f':{'type':'array','items':{'type':'object',"
                                + "'properties':{'k':{'type':'string'}}},"
                                + "'x-kubernetes-list-type':'map','x-kubernetes-list-map-keys':['k']},"
                                + "'g':{'type':'string','anyOf':[{"
                                + "'type':'string'}]},'h':{'type':'string','pattern':'['}}}");

        assertThat(Schema.check(broken))
                .extracting(Status.Cause::field)
                .contains(
                        "openAPIV3Schema.properties[a].type",
                        "openAPIV3Schema.properties[b].items",
                        "openAPIV3Schema.properties[c].type",
                        "openAPIV3Schema.properties[d].additionalProperties",
                        "openAPIV3Schema.properties[e].$ref",
                        "openAPIV3Schema.properties[f].items.properties[k].default",
                        "openAPIV3Schema.properties[g].anyOf[0].type",
                        "openAPIV3Schema.properties[h].pattern");
        assertThat(
                        Schema.check(
                                Trees.node(
                                        "{'type':'object','properties':{'spec':{'type':'object',"
                                                + "'x-kubernetes-preserve-unknown-fields':true}}}")))
                .isEmpty();
    }

    @Test
    void builtInKindsAreStrictAboutFieldsAndLenientAboutNulls() {
        Schema deployment = new BuiltinSchemas().of("apps/v1", "Deployment").orElseThrow();
        ObjectNode object =
                Trees.object(
                        "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'web',"
                                + "'creationTimestamp':null,'labels':{'a/b':'c'}},'spec':{'replicas':'x',"
                                + "'selector':{'matchLabels':{'a':'b'}},"
                                + "'template':{'metadata':{'creationTimestamp':null},"
                                + "'spec':{'containers':[{'name':'c','foo':1,'ports':[{"
                                + "'containerPort':80}],'resources':{'limits':{'cpu':1,"
                                + "'memory':'1Gi'}}}]}},'strategy':{'rollingUpdate':{"
                                + "'maxSurge':'25%','maxUnavailable':0}}}}");

        assertThat(deployment.unknownFields(object))
                .containsExactly("spec.template.spec.containers[0].foo");
        assertThat(deployment.validate(object))
                .extracting(Status.Cause::field)
                .containsExactly("spec.replicas");
        assertThat(deployment.prune(object).path("metadata").has("creationTimestamp")).isFalse();
        assertThat(deployment.validate(Trees.node("{'spec':{}}")))
                .extracting(Status.Cause::field)
                .containsExactly("spec.selector", "spec.template");
    }

    @Test
    void customResourcesHaveTheMetadataThatAllObjectsHave() {
        Schema schema =
                new BuiltinSchemas()
                        .customResource(
                                Trees.node(
                                        "{'type':'object','properties':{'spec':{'type':'object',"
                                                + "'properties':{'embedded':{"
                                                + "'type':'object','x-kubernetes-embedded-resource':true,"
                                                + "'x-kubernetes-preserve-unknown-fields':"
                                                + "true}}}}}"));
        ObjectNode object =
                Trees.object(
                        "{'apiVersion':'e.io/v1','kind':'E','metadata':{'name':'x','foo':1},'spec':{"
                                + "'embedded':{'kind':'Pod','metadata':{'bar':1},'anything':1}}}");

        assertThat(schema.unknownFields(object))
                .containsExactly("metadata.foo", "spec.embedded.metadata.bar");
        assertThat(schema.validate(Trees.node("{'metadata':{'labels':{'a':1}}}"))).hasSize(1);
    }
}
