using Alloc.Broker.Protocol;

namespace Broker.Tests.Twins;

/// <summary>Requests and answers of the APIs that both brokers serve, as the protocol's guide has them.</summary>
internal static class Layouts
{
    private const string AclFilter = "resource:i8 name:s pattern:i8(1+) principal:s host:s operation:i8 permission:i8";
    private const string PartitionErrors = "topics:[name:s parts:[index:i32 error:i16]]";

    private static readonly Dictionary<ApiKey, (WireLayout Request, WireLayout Answer)> ByKey = new()
    {
        [ApiKey.Produce] = Of(
            "id:s(3+) acks:i16 timeout:i32 topics:[name:s parts:[index:i32 records:bytes]]",
            "topics:[name:s parts:[index:i32 error:i16 base:i64 time:i64(2+) start:i64(5+) "
                + "errors:[index:i32 message:s](8+) message:s(8+)]] throttle:i32(1+)"),
        [ApiKey.Fetch] = Of(
            "replica:i32 wait:i32 min:i32 max:i32 isolation:i8 session:i32(7+) sessionEpoch:i32(7+) "
                + "topics:[name:s parts:[index:i32 leader:i32(9+) offset:i64 start:i64(5+) max:i32]] "
                + "forgotten:[name:s parts:[i32]](7+) rack:s(11+)",
            "throttle:i32 error:i16(7+) session:i32(7+) topics:[name:s parts:[index:i32 error:i16 high:i64 stable:i64 "
                + "start:i64(5+) aborted:[pid:i64 first:i64] replica:i32(11+) records:bytes]]"),
        [ApiKey.ListOffsets] = Of(
            "replica:i32 isolation:i8(2+) topics:[name:s parts:[index:i32 epoch:i32(4+) time:i64]]",
            "throttle:i32(2+) topics:[name:s parts:[index:i32 error:i16 time:i64 offset:i64 epoch:i32(4+)]]"),
        [ApiKey.Metadata] = Of(
            "topics:[name:s] auto:bool(4+) clusterOps:bool(8-10) topicOps:bool(8+)",
            "throttle:i32(3+) brokers:[node:i32 host:s port:i32 rack:s(1+)] clusterId:s(2+) controller:i32(1+) "
                + "topics:[error:i16 name:s internal:bool(1+) parts:[error:i16 index:i32 leader:i32 epoch:i32(7+) "
                + "replicas:[i32] isr:[i32] offline:[i32](5+)] ops:i32(8+)] clusterOps:i32(8-10)"),
        [ApiKey.OffsetCommit] = Of(
            "group:s generation:i32 member:s instance:s(7+) retention:i64(2-4) "
                + "topics:[name:s parts:[index:i32 offset:i64 epoch:i32(6+) metadata:s]]",
            "throttle:i32(3+) " + PartitionErrors),
        [ApiKey.OffsetFetch] = Of(
            "group:s topics:[name:s parts:[i32]] stable:bool(7+)",
            "throttle:i32(3+) topics:[name:s parts:[index:i32 offset:i64 epoch:i32(5+) metadata:s error:i16]] "
                + "error:i16(2+)"),
        [ApiKey.FindCoordinator] = Of(
            "key:s type:i8(1+)", "throttle:i32(1+) error:i16 message:s(1+) node:i32 host:s port:i32"),
        [ApiKey.JoinGroup] = Of(
            "group:s session:i32 rebalance:i32(1+) member:s instance:s(5+) type:s protocols:[name:s metadata:bytes]",
            "throttle:i32(2+) error:i16 generation:i32 type:s(7+) protocol:s leader:s member:s "
                + "members:[member:s instance:s(5+) metadata:bytes]"),
        [ApiKey.Heartbeat] = Of(
            "group:s generation:i32 member:s instance:s(3+)", "throttle:i32(1+) error:i16"),
        [ApiKey.LeaveGroup] = Of(
            "group:s member:s(0-2) members:[member:s instance:s](3+)",
            "throttle:i32(1+) error:i16 members:[member:s instance:s error:i16](3+)"),
        [ApiKey.SyncGroup] = Of(
            "group:s generation:i32 member:s instance:s(3+) type:s(5+) protocol:s(5+) "
                + "assignments:[member:s assignment:bytes]",
            "throttle:i32(1+) error:i16 type:s(5+) protocol:s(5+) assignment:bytes"),
        [ApiKey.DescribeGroups] = Of(
            "groups:[s] ops:bool(3+)",
            "throttle:i32(1+) groups:[error:i16 group:s state:s type:s protocol:s members:[member:s instance:s(4+) "
                + "client:s host:s metadata:bytes assignment:bytes] ops:i32(3+)]"),
        [ApiKey.ListGroups] = Of(
            "states:[s](4+) types:[s](5+)",
            "throttle:i32(1+) error:i16 groups:[group:s type:s state:s(4+) kind:s(5+)]"),
        [ApiKey.DeleteGroups] = Of("groups:[s]", "throttle:i32 results:[group:s error:i16]"),
        [ApiKey.OffsetDelete] = Of(
            "group:s topics:[name:s parts:[index:i32]]", "error:i16 throttle:i32 " + PartitionErrors),
        [ApiKey.CreateTopics] = Of(
            "topics:[name:s count:i32 factor:i16 assignments:[index:i32 brokers:[i32]] configs:[name:s value:s]] "
                + "timeout:i32 validate:bool(1+)",
            "throttle:i32(2+) topics:[name:s error:i16 message:s(1+) count:i32(5+) factor:i16(5+) "
                + "configs:[name:s value:s readonly:bool source:i8 sensitive:bool](5+)]"),
        [ApiKey.DeleteTopics] = Of(
            "topics:[s] timeout:i32", "throttle:i32(1+) topics:[name:s error:i16 message:s(5+)]"),
        [ApiKey.CreatePartitions] = Of(
            "topics:[name:s count:i32 assignments:[brokers:[i32]]] timeout:i32 validate:bool",
            "throttle:i32 topics:[name:s error:i16 message:s]"),
        [ApiKey.DeleteRecords] = Of(
            "topics:[name:s parts:[index:i32 offset:i64]] timeout:i32",
            "throttle:i32 topics:[name:s parts:[index:i32 low:i64 error:i16]]"),
        [ApiKey.InitProducerId] = Of(
            "id:s timeout:i32 pid:i64(3+) epoch:i16(3+)", "throttle:i32 error:i16 pid:i64 epoch:i16"),
        [ApiKey.OffsetForLeaderEpoch] = Of(
            "replica:i32(3+) topics:[name:s parts:[index:i32 current:i32 epoch:i32]]",
            "throttle:i32 topics:[name:s parts:[error:i16 index:i32 epoch:i32 end:i64]]"),
        [ApiKey.AddPartitionsToTxn] = Of(
            "id:s pid:i64 epoch:i16 topics:[name:s parts:[i32]]", "throttle:i32 " + PartitionErrors),
        [ApiKey.AddOffsetsToTxn] = Of("id:s pid:i64 epoch:i16 group:s", "throttle:i32 error:i16"),
        [ApiKey.EndTxn] = Of("id:s pid:i64 epoch:i16 commit:bool", "throttle:i32 error:i16"),
        [ApiKey.TxnOffsetCommit] = Of(
            "id:s group:s pid:i64 epoch:i16 generation:i32(3+) member:s(3+) instance:s(3+) "
                + "topics:[name:s parts:[index:i32 offset:i64 epoch:i32(2+) metadata:s]]",
            "throttle:i32 " + PartitionErrors),
        [ApiKey.DescribeAcls] = Of(AclFilter, "throttle:i32 error:i16 message:s resources:[]"),
        [ApiKey.CreateAcls] = Of($"acls:[{AclFilter}]", "throttle:i32 results:[error:i16 message:s]"),
        [ApiKey.DeleteAcls] = Of($"filters:[{AclFilter}]", "throttle:i32 results:[error:i16 message:s acls:[]]"),
        [ApiKey.DescribeConfigs] = Of(
            "resources:[type:i8 name:s keys:[s]] synonyms:bool(1+) docs:bool(3+)",
            "throttle:i32 results:[error:i16 message:s type:i8 name:s configs:[name:s value:s readonly:bool "
                + "default:bool(0-0) source:i8(1+) sensitive:bool synonyms:[name:s value:s source:i8](1+) kind:i8(3+) "
                + "docs:s(3+)]]"),
        [ApiKey.AlterConfigs] = Of(
            "resources:[type:i8 name:s configs:[name:s value:s]] validate:bool",
            "throttle:i32 results:[error:i16 message:s type:i8 name:s]"),
        [ApiKey.IncrementalAlterConfigs] = Of(
            "resources:[type:i8 name:s configs:[name:s op:i8 value:s]] validate:bool",
            "throttle:i32 results:[error:i16 message:s type:i8 name:s]"),
        [ApiKey.DescribeCluster] = Of(
            "ops:bool",
            "throttle:i32 error:i16 message:s clusterId:s controller:i32 brokers:[node:i32 host:s port:i32 rack:s] "
                + "ops:i32"),
        [ApiKey.DescribeProducers] = Of(
            "topics:[name:s parts:[i32]]",
            "throttle:i32 topics:[name:s parts:[index:i32 error:i16 message:s "
                + "producers:[pid:i64 epoch:i32 sequence:i32 time:i64 coordinator:i32 start:i64]]]"),
        [ApiKey.DescribeTransactions] = Of(
            "ids:[s]",
            "throttle:i32 states:[error:i16 id:s state:s timeout:i32 time:i64 pid:i64 epoch:i16 "
                + "topics:[name:s parts:[i32]]]"),
        [ApiKey.ListTransactions] = Of(
            "states:[s] pids:[i64] duration:i64(1+) pattern:s(2+)",
            "throttle:i32 error:i16 unknown:[s] transactions:[id:s pid:i64 state:s]"),
    };

    public static IEnumerable<ApiKey> Keys => ByKey.Keys;

    public static WireLayout Request(ApiKey key) => ByKey[key].Request;

    public static WireLayout Answer(ApiKey key) => ByKey[key].Answer;

    private static (WireLayout, WireLayout) Of(string request, string answer) =>
        (WireLayout.Parse(request), WireLayout.Parse(answer));
}
