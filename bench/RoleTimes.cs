namespace Alloc.Bench;

/// <summary>What the applications of one <c>alloc serve</c> used of the processor, and when that was read.</summary>
/// <param name="At">The time stamp.</param>
/// <param name="Times">Of the process and its threads.</param>
internal sealed record RoleTimes(long At, ThreadTimes Times)
{
    /// <summary>The applications that are told apart, the one that decides first.</summary>
    public static IReadOnlyList<string> Roles { get; } =
        ["allocation", "by-order", "backlog", "reconciliation", "projection"];

    // What Linux keeps of a thread's name.
    private const int KeptLength = 15;

    /// <summary>The same as <c>--roles</c> takes it.</summary>
    public static string AllRoles { get; } = string.Join(',', Roles);

    public static RoleTimes Read(EngineProcess engine, TimeProvider time) =>
        new(time.GetTimestamp(), engine.ReadTimes());

    /// <summary>
    /// What the threads of an application used that process its records: stream threads carry its id as the beginning
    /// of their name, of which Linux keeps 15 characters.
    /// </summary>
    /// <param name="application">The id that the instance was given; three characters at most.</param>
    /// <param name="role">The application.</param>
    public TimeSpan Of(string application, string role) => Times.Of(
        name => name.StartsWith($"{application}-", StringComparison.Ordinal) && RoleOf(application, name) == role);

    /// <summary>What the rest of the process used: Kafka's clients, garbage collection, state files, HTTP.</summary>
    public TimeSpan Rest(string application) =>
        Times.Total - Roles.Aggregate(TimeSpan.Zero, (sum, role) => sum + Of(application, role));

    private static string RoleOf(string application, string name) => Roles.Skip(1).FirstOrDefault(
        role => name.StartsWith(Kept($"{application}-{role}-"), StringComparison.Ordinal)) ?? Roles[0];

    private static string Kept(string name) => name[..Math.Min(name.Length, KeptLength)];
}
