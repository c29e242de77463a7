namespace Alloc.Bench;

/// <summary>
/// The same fold in somebody else's stream library, at the best settings found for it. The peers take the same
/// layout of commands and answer in the same one, so one generator and one meter serve them all.
/// </summary>
/// <param name="Name">The library.</param>
/// <param name="Program">Its program in the folder of Kafka's tools.</param>
/// <param name="Commands">Its topic of commands.</param>
/// <param name="Outcomes">The topic that it answers to.</param>
/// <param name="Heavy">Its options for throughput.</param>
/// <param name="HeavyText">The same for a reader.</param>
/// <param name="Light">Its options for latency at a light load.</param>
/// <param name="LightText">The same for a reader.</param>
/// <param name="SessionEnds">How long until the group gives up a member that was killed.</param>
internal sealed record Peer(
    string Name, string Program, string Commands, string Outcomes, string[] Heavy, string HeavyText, string[] Light,
    string LightText, TimeSpan SessionEnds)
{
    public static Peer KafkaStreams { get; } = new(
        "Kafka Streams", "kafka-peer", "peer.commands", "peer.outcomes",
        ["--threads", "2", "--cache", "0", "--commit", "500"], "2 threads, cache off, commit every 500 ms",
        ["--threads", "2", "--cache", "0", "--commit", "10", "--linger", "0"],
        "2 threads, cache off, commit every 10 ms",
        TimeSpan.FromSeconds(50));

    /// <summary>
    /// Its local state is thrown away after an unclean stop (--wipe), which Kafka Streams does by itself under exactly
    /// once: without it, decisions after a kill are wrong.
    /// </summary>
    public static Peer Streamiz { get; } = new(
        "Streamiz", "streamiz-peer", "streamiz.commands", "streamiz.outcomes",
        ["--threads", "2", "--cache", "0", "--commit", "500", "--records", "5000", "--wipe", "true"],
        "2 threads, cache off, commit every 500 ms, 5,000 records a poll",
        ["--threads", "2", "--cache", "0", "--commit", "10", "--linger", "0", "--poll", "10", "--wipe", "true"],
        "2 threads, cache off, commit every 10 ms, polls of 10 ms",
        TimeSpan.FromSeconds(20));
}
