# Sourced by run.sh: what kubectl does with the built-in kinds that nothing else there touches.
sed "s/NAMESPACE/$NS/g" "$(dirname "$0")/kinds.yaml" >"$WORK/kinds.yaml"

check "kinds: create one of each" 0 "runtimeclass.node.k8s.io/$NS-runc created" kn create -f "$WORK/kinds.yaml"
check "kinds: none was refused" 0 "^15$" bash -c "'$KUBECTL' -n $NS get -f '$WORK/kinds.yaml' -o name | wc -l | tr -d ' '"
check "kinds: endpoints" 0 "^outside +192.0.2.1:80,192.0.2.2:80 " kn get ep
check "kinds: volume" 0 "^$NS-disk +1Gi +RWO,ROX +Retain +(Pending|Available) +$NS-fast" k get pv
check "kinds: claim" 0 "^wanted +(Pending) +$NS-fast" kn get pvc
check "kinds: claim, wide" 0 "VOLUMEMODE" kn get pvc -o wide
check "kinds: replication controller" 0 "^old +0 +0 +0 " kn get rc
check "kinds: pod template" 0 "^mould +main +host +app=mould" kn get podtemplates
check "kinds: ingress" 0 "^door +$NS-web +door.example.com +80 " kn get ing
check "kinds: ingress class" 0 "^$NS-web +example.com/web +<none>" k get ingressclasses
check "kinds: network policy" 0 "^closed +app=web" kn get netpol
check "kinds: storage class" 0 "^$NS-fast +example.com/disk +Delete +Immediate +false" k get sc
check "kinds: CSI driver" 0 "^$NS.example.com +false +false +false +<unset> +false +Persistent" k get csidrivers
check "kinds: CSI node" 0 "^$NS-node +1 " k get csinodes
check "kinds: storage capacity" 0 "^left +$NS-fast +10Gi" kn get csistoragecapacities
check "kinds: volume attachment" 0 "^$NS-attached +$NS.example.com +$NS-disk +n1 +false" k get volumeattachments
check "kinds: runtime class" 0 "^$NS-runc +runc" k get runtimeclasses
check "kinds: event of the new recorder in the old view" 0 "Told +configmap/settings +this was told" kn get events
check "kinds: event of the new recorder" 0 "Told +configmap/settings +this was told" kn get events.events.k8s.io
since 26 "kinds: kubectl events" 0 "this was told" kn events
check "kinds: describe all of them" 0 "door.example.com" kn describe -f "$WORK/kinds.yaml"
check "kinds: category all" 0 "replicationcontroller/old" kn get all
check "kinds: api-resources by short name" 0 "^persistentvolumeclaims +pvc" k api-resources
check "kinds: api-resources of networking" 0 "^networkpolicies +netpol" k api-resources --api-group=networking.k8s.io
check "kinds: explain" 0 "volumeBindingMode" k explain storageclass
check "kinds: explain a field" 0 "ingressClassName" k explain ingress.spec
check "kinds: apply takes them over" 0 "serverside-applied" kn apply --server-side --force-conflicts -f "$WORK/kinds.yaml"
check "kinds: diff says nothing of what is the same" 0 "^$" kn diff --server-side --force-conflicts -f "$WORK/kinds.yaml"
check "kinds: scale a replication controller" 0 "scaled" kn scale rc old --replicas=0
check "kinds: strategic merge of an ingress" 0 "patched" kn patch ing door -p '{"spec":{"tls":[{"hosts":["door.example.com"]}]}}'
check "kinds: a claim is immutable" 1 "spec is immutable after creation" kn patch pvc wanted --type merge -p '{"spec":{"resources":{"requests":{"storage":"9Gi"}}}}'
check "kinds: a class is immutable" 1 "updates to provisioner are forbidden" k patch sc "$NS-fast" --type merge -p '{"provisioner":"example.com/other"}'
check "kinds: an ingress needs a backend" 1 "either .defaultBackend. or .rules. must be specified" kn patch ing door --type merge -p '{"spec":{"rules":null}}'
since 24 "kinds: patch a status" 0 "patched" k patch pv "$NS-disk" --subresource=status --type merge -p '{"status":{"phase":"Available"}}'
since 24 "kinds: wait for a field" 0 "condition met" k wait --for=jsonpath='{.status.phase}'=Available --timeout=20s "pv/$NS-disk"
check "kinds: delete them" 0 "deleted" kn delete -f "$WORK/kinds.yaml"
