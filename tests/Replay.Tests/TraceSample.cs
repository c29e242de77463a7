using Alloc.Replay;

namespace Replay.Tests;

/// <summary>Made-up files in the formats of the traces, so that tests need no data set.</summary>
internal static class TraceSample
{
    /// <summary>One hundredth of these nodes: 1,000 milli of processors, 1,000 MiB and 2,000 milli of GPUs.</summary>
    public const string Nodes = "sn,cpu_milli,memory_mib,gpu,model\n"
        + "node-0,60000,60000,100,G2\nnode-1,40000,40000,100,T4\n";

    /// <summary>Pods that fit, one that does not, one that is never scheduled.</summary>
    public const string Pods = OpenbTrace.Header + "\n"
        + "pod-0,400,300,1,1000,,LS,Running,0,100,5\n"
        + "pod-1,500,300,1,1000,,BE,Failed,10,50,10\n"
        + "pod-2,400,300,1,500,,BE,Running,20,60,20\n"
        + "pod-3,100,100,0,0,,Burstable,Pending,30,40,\n"
        + "pod-4,500,300,2,500,,Guaranteed,Succeeded,50,50,50\n";

    /// <summary>One line of each reason for which a pod is refused.</summary>
    public const string DirtyPods = OpenbTrace.Header + "\n"
        + "pod-0,400,300,1,1000,,LS,Running,0,100,5\n"
        + "pod-1,400,300\n"
        + ",400,300,1,1000,,LS,Running,0,100,5\n"
        + "pod-2,many,300,1,1000,,LS,Running,0,100,5\n"
        + "pod-3,0,0,0,0,,LS,Running,0,100,5\n"
        + "pod-4,400,300,1,1000,,Gold,Running,0,100,5\n"
        + "pod-5,400,300,1,1000,,LS,Running,then,100,5\n"
        + "pod-6,400,300,1,1000,,LS,Running,10,100,5\n"
        + "pod-0,400,300,1,1000,,LS,Running,0,100,5\n";

    /// <summary>Three requests, and one line of each reason for which one is refused.</summary>
    public const string Requests = LlmTrace.Header + "\n"
        + "2023-11-16 18:15:46.6805900,374,44\n"
        + "2023-11-16 18:15:50.9951690,396,1000\n"
        + "2023-11-16 18:15:51.2224670,879,55\n"
        + "2023-11-16 18:15:52.2224670,879\n"
        + "2023-11-16 18:15:52.2224670,879,1001\n"
        + "2023-11-16 18:15:52.2224670,-1,5\n"
        + "yesterday,879,55\n";
}
