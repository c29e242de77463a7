using System.Runtime.InteropServices;
using Alloc.Engine.Processing;

namespace Alloc.Engine.State.RocksDb;

/// <summary>The one place where an error of the native library becomes an exception.</summary>
internal static class RocksDbError
{
    public const string Opening = "Opening";

    public const string Reading = "Reading";

    /// <summary>Does nothing for a null error; else frees it and throws what it means.</summary>
    /// <param name="error">The text that RocksDB allocated, or null.</param>
    /// <param name="operation">What was tried, as the beginning of a sentence: <c>Writing</c>.</param>
    /// <param name="path">The database's directory.</param>
    /// <param name="task">The task whose database it is.</param>
    /// <exception cref="TaskCorruptedException">What is on disk is damaged.</exception>
    /// <exception cref="StateDiskFullException">No space is left.</exception>
    /// <exception cref="StateStoreException">Any other failure.</exception>
    public static void Check(nint error, string operation, string path, TaskId task)
    {
        if (error != 0)
        {
            throw Take(error, operation, path, task);
        }
    }

    internal static Exception Classify(string text, string operation, string path, TaskId task)
    {
        if (Has(text, "No space left on device") || Has(text, "NoSpace") || Has(text, "Disk quota exceeded"))
        {
            return new StateDiskFullException(
                $"{operation} the state in {path} failed: no space is left on its disk. Nothing is lost: what is "
                + $"missing there is in the log. Free some space and start again. ({text})");
        }
        if (IsDamage(text, operation))
        {
            return new TaskCorruptedException(
                $"{operation} the state in {path} failed: it is damaged and has to be restored from the log. ({text})",
                [task]);
        }
        if (Has(text, "lock ") && Has(text, "LOCK"))
        {
            return new StateStoreException($"{operation} the state in {path} failed: it is open already. ({text})");
        }
        return new StateStoreException($"{operation} the state in {path} failed. ({text})");
    }

    /// <summary>
    /// Damage has many words: a checksum that is wrong, a file cut short; where the database is opened or read, also a
    /// format that no version ever wrote, and a file that is named and gone (elsewhere it may be the place of a
    /// checkpoint that is gone). What the disk itself cannot read is not among them: it may be able to tomorrow.
    /// </summary>
    private static bool IsDamage(string text, string operation) =>
        text.StartsWith("Corruption", StringComparison.Ordinal)
        || (operation is Opening or Reading
            && (text.StartsWith("Not implemented", StringComparison.Ordinal)
                || Has(text, "No such file or directory") || Has(text, "does not exist (create_if_missing")));

    private static Exception Take(nint error, string operation, string path, TaskId task)
    {
        var text = Marshal.PtrToStringUTF8(error) ?? "unknown error";
        RocksDbNative.rocksdb_free(error);
        return Classify(text, operation, path, task);
    }

    private static bool Has(string text, string part) => text.Contains(part, StringComparison.Ordinal);
}
