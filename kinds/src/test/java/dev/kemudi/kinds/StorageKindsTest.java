package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import org.junit.jupiter.api.Test;

class StorageKindsTest {
    private static final String CLAIM =
            "{'metadata':{'name':'c'},'spec':{'accessModes':['ReadWriteOnce'],"
                    + "'resources':{'requests':{'storage':'1Gi'}}}}";
    private static final String VOLUME =
            "{'metadata':{'name':'v'},'spec':{'accessModes':['ReadWriteMany','ReadWriteOnce'],"
                    + "'capacity':{'storage':'1024Mi'},'hostPath':{'path':'/x'}}}";

    private final Subject claims = Subject.of(Resource.PERSISTENT_VOLUME_CLAIMS);
    private final Subject volumes = Subject.of(Resource.PERSISTENT_VOLUMES);

    @Test
    void aClaimWaitsUntilAVolumeIsBoundToIt() {
        ApiObject claim = claims.created(CLAIM);
        assertThat(claim.text("/spec/volumeMode")).isEqualTo("Filesystem");
        assertThat(claims.wideRow(claim))
                .containsExactly(
                        "c", "Pending", "", "", "", "", "<unset>", "<unknown>", "Filesystem");
        ApiObject bound = bound(claim);
        assertThat(claims.row(bound))
                .containsExactly("c", "Bound", "v", "1Gi", "RWO", "", "<unset>", "<unknown>");
        assertThat(claims.wrongChange(claim, bound)).isEmpty();
    }

    private static ApiObject bound(ApiObject claim) {
        return claim.edit(o -> {
            o.withObject("/spec").put("volumeName", "v");
            o.withObject("/status")
                    .put("phase", "Bound")
                    .putArray("accessModes")
                    .add("ReadWriteOnce");
            o.withObject("/status/capacity").put("storage", "1Gi");
        });
    }

    @Test
    void aClaimGrowsWhenItIsBoundAndChangesInNoOtherWay() {
        ApiObject pending = claims.created(CLAIM);
        ApiObject grown =
                pending.edit(o -> o.withObject("/spec/resources/requests").put("storage", "2Gi"));
        ApiObject bound = bound(pending);
        String immutable =
                "spec: Forbidden: spec is immutable after creation except resources.requests and"
                        + " volumeAttributesClassName for bound claims";
        assertThat(claims.wrongChange(pending, grown)).containsExactly(immutable);
        assertThat(
                        claims.wrongChange(
                                bound,
                                bound.edit(o ->
                                        o.withObject("/spec/resources/requests")
                                                .put("storage", "2Gi"))))
                .isEmpty();
        assertThat(
                        claims.wrongChange(
                                bound,
                                bound.edit(o ->
                                        o.withObject("/spec/resources/requests")
                                                .put("storage", "1Mi"))))
                .containsExactly(
                        "spec.resources.requests.storage: Forbidden: field can not be less than"
                                + " status.capacity");
        assertThat(
                        claims.wrongChange(
                                bound,
                                bound.edit(o -> o.withObject("/spec").put("volumeName", "w"))))
                .containsExactly(immutable);
    }

    @Test
    void aClaimSaysHowMuchAndHowItIsUsed() {
        assertThat(claims.wrong("{'metadata':{'name':'c'},'spec':{}}"))
                .containsExactly(
                        "spec.accessModes: Required value: at least 1 access mode is required",
                        "spec.resources[storage]: Required value");
        assertThat(claims.wrong(CLAIM.replace("1Gi", "0")))
                .containsExactly(
                        "spec.resources[storage]: Invalid value: \"0\": must be greater than zero");
        assertThat(claims.wrong(CLAIM.replace("['ReadWriteOnce']", "['ReadWriteOncePod','Often']")))
                .containsExactly(
                        "spec.accessModes: Unsupported value: \"Often\": supported values:"
                                + " \"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\","
                                + " \"ReadWriteOncePod\"",
                        "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access"
                                + " modes");
    }

    @Test
    void aVolumeHasOneSizeAndOneSourceThatStays() {
        ApiObject volume = volumes.created(VOLUME);
        assertThat(volumes.wideRow(volume))
                .containsExactly(
                        "v",
                        "1Gi",
                        "RWO,RWX",
                        "Retain",
                        "Pending",
                        "",
                        "",
                        "<unset>",
                        "",
                        "<unknown>",
                        "Filesystem");
        assertThat(
                        volumes.wrongChange(
                                volume,
                                volume.edit(o -> o.withObject("/spec/hostPath").put("path", "/y"))))
                .containsExactly(
                        "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is"
                                + " immutable after creation");
        assertThat(volumes.wrong("{'metadata':{'name':'v'},'spec':{}}"))
                .containsExactly(
                        "spec.accessModes: Required value",
                        "spec.capacity: Required value",
                        "spec: Required value: must specify a volume type");
        assertThat(volumes.wrong(VOLUME.replace("'hostPath'", "'nfs':{},'hostPath'")))
                .containsExactly("spec.nfs: Forbidden: may not specify more than 1 volume type");
        assertThat(volumes.wrong(VOLUME.replace("'hostPath'", "'local'")))
                .containsExactly(
                        "metadata.annotations: Required value: Local volume requires node affinity");
    }

    @Test
    void aStorageClassStaysAsItWasMadeAndSaysWhenItIsTheDefault() {
        Subject classes = Subject.of(Resource.STORAGE_CLASSES);
        ApiObject fast =
                classes.created(
                        "{'metadata':{'name':'fast','annotations':"
                                + "{'storageclass.kubernetes.io/is-default-class':'true'}},"
                                + "'provisioner':'example.com/disk','parameters':{'a':'b'}}");
        assertThat(classes.row(fast))
                .containsExactly(
                        "fast (default)",
                        "example.com/disk",
                        "Delete",
                        "Immediate",
                        false,
                        "<unknown>");
        assertThat(
                        classes.wrongChange(
                                fast,
                                fast.edit(o -> {
                                    o.withObject("/parameters").put("a", "c");
                                    o.put("reclaimPolicy", "Retain");
                                    o.put("volumeBindingMode", "WaitForFirstConsumer");
                                })))
                .containsExactly(
                        "parameters: Forbidden: updates to parameters are forbidden.",
                        "reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.",
                        "volumeBindingMode: Invalid value: \"WaitForFirstConsumer\": field is"
                                + " immutable");
        assertThat(classes.wrong("{'metadata':{'name':'x'},'reclaimPolicy':'Recycle'}"))
                .containsExactly(
                        "provisioner: Required value",
                        "reclaimPolicy: Unsupported value: \"Recycle\": supported values:"
                                + " \"Delete\", \"Retain\"");
    }

    @Test
    void driversSayWhatTheyWantAndNodesWhichOfThemTheyHave() {
        Subject drivers = Subject.of(Resource.CSI_DRIVERS);
        ApiObject driver =
                drivers.created(
                        "{'metadata':{'name':'d.example.com'},'spec':{'tokenRequests':[{'audience':'a'}]}}");
        assertThat(drivers.row(driver))
                .containsExactly(
                        "d.example.com", true, false, false, "a", false, "Persistent", "<unknown>");
        assertThat(
                        drivers.wrongChange(
                                driver,
                                driver.edit(
                                        o -> o.withObject("/spec").put("attachRequired", false))))
                .containsExactly("spec.attachRequired: Invalid value: false: field is immutable");

        Subject nodes = Subject.of(Resource.CSI_NODES);
        String node = "{'metadata':{'name':'n'},'spec':{'drivers':[{'name':'d','nodeID':'%s'}%s]}}";
        assertThat(nodes.row(nodes.created(node.formatted("i", ""))).get(1)).isEqualTo(1);
        assertThat(nodes.wrong(node.formatted("", ",{'name':'d','nodeID':'i'}")))
                .containsExactly(
                        "spec.drivers[0].nodeID: Required value",
                        "spec.drivers[1].name: Duplicate value: \"d\"");
    }

    @Test
    void anAttachmentIsOfOneVolumeToOneNodeAndIsNotRedirected() {
        Subject attachments = Subject.of(Resource.VOLUME_ATTACHMENTS);
        ApiObject attachment =
                attachments.created(
                        "{'metadata':{'name':'a'},'spec':{'attacher':'d','nodeName':'n',"
                                + "'source':{'persistentVolumeName':'v'}}}");
        assertThat(attachments.row(attachment))
                .containsExactly("a", "d", "v", "n", false, "<unknown>");
        assertThat(
                        attachments.wrongChange(
                                attachment,
                                attachment.edit(o -> o.withObject("/spec").put("nodeName", "m"))))
                .hasSize(1)
                .first()
                .asString()
                .endsWith("field is immutable");
        assertThat(attachments.wrong("{'metadata':{'name':'a'},'spec':{'source':{}}}"))
                .containsExactly(
                        "spec.attacher: Required value",
                        "spec.nodeName: Required value",
                        "spec.source: Required value: must specify exactly one of inlineVolumeSpec and"
                                + " persistentVolumeName");
    }

    @Test
    void whatIsLeftOfAClassIsAnAmountOfThatClassForGood() {
        Subject capacities = Subject.of(Resource.CSI_STORAGE_CAPACITIES);
        ApiObject left =
                capacities.created(
                        "{'metadata':{'name':'c'},'storageClassName':'fast','capacity':'2048Mi'}");
        assertThat(capacities.row(left)).containsExactly("c", "fast", "2Gi");
        assertThat(capacities.wrongChange(left, left.edit(o -> o.put("storageClassName", "slow"))))
                .containsExactly("storageClassName: Invalid value: \"slow\": field is immutable");
        assertThat(capacities.wrong("{'metadata':{'name':'c'},'capacity':'-1'}"))
                .containsExactly(
                        "storageClassName: Required value",
                        "capacity: Invalid value: \"-1\": must be greater than or equal to 0");
    }
}
