using Microsoft.Data.Sqlite;

namespace Alloc.Samples;

/// <summary>Statements with named parameters, for the samples that keep a database.</summary>
internal static class SqliteTables
{
    public static SqliteConnection Open(string path, string tables)
    {
        var database = new SqliteConnection($"Data Source={path}");
        database.Open();
        database.Execute(tables);
        return database;
    }

    public static int Execute(
        this SqliteConnection database, string sql, params (string Name, object? Value)[] parameters)
    {
        using var command = Command(database, sql, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>The first field of the first row; null: there is none.</summary>
    public static object? Ask(
        this SqliteConnection database, string sql, params (string Name, object? Value)[] parameters)
    {
        using var command = Command(database, sql, parameters);
        return command.ExecuteScalar() is { } value and not DBNull ? value : null;
    }

    public static List<T> Rows<T>(
        this SqliteConnection database, string sql, Func<SqliteDataReader, T> row,
        params (string Name, object? Value)[] parameters)
    {
        using var command = Command(database, sql, parameters);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(row(reader));
        }
        return rows;
    }

    private static SqliteCommand Command(
        SqliteConnection database, string sql, (string Name, object? Value)[] parameters)
    {
        var command = database.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }
        return command;
    }
}
