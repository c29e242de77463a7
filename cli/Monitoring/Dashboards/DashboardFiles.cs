using System.Text.Json.Nodes;
using Alloc.Cli.Output;

namespace Alloc.Cli.Monitoring.Dashboards;

/// <summary>Pages as the files that Grafana (10 and later) provisions.</summary>
internal static class DashboardFiles
{
    private const int SchemaVersion = 39;
    private const int Columns = 24;

    /// <summary>Every page: its file's name and its text.</summary>
    public static IReadOnlyDictionary<string, string> Write(Thresholds thresholds) =>
        All(thresholds).ToDictionary(d => $"{d.Uid}.json", d => JsonText.Pretty(Json(d)) + "\n");

    private static IEnumerable<Dashboard> All(Thresholds thresholds) =>
    [
        OverviewDashboard.Of(thresholds), StagesDashboard.Of(thresholds), LagDashboard.Of(thresholds),
        EngineDashboard.Of(thresholds), HoldsDashboard.Of(thresholds), ReconciliationDashboard.Of(thresholds),
    ];

    private static JsonObject Json(Dashboard dashboard) => new()
    {
        ["uid"] = dashboard.Uid,
        ["title"] = dashboard.Title,
        ["description"] = dashboard.Description,
        ["tags"] = new JsonArray("alloc"),
        ["schemaVersion"] = SchemaVersion,
        ["version"] = 1,
        ["editable"] = false,
        ["graphTooltip"] = 1,
        ["refresh"] = "15s",
        ["timezone"] = "browser",
        ["time"] = new JsonObject { ["from"] = "now-3h", ["to"] = "now" },
        ["annotations"] = new JsonObject { ["list"] = new JsonArray(FiringAnnotation()) },
        ["links"] = new JsonArray(new JsonObject
        {
            ["type"] = "dashboards",
            ["title"] = "Alloc",
            ["tags"] = new JsonArray("alloc"),
            ["asDropdown"] = true,
            ["keepTime"] = true,
        }),
        ["templating"] = new JsonObject { ["list"] = Variables(dashboard) },
        ["panels"] = Panels(dashboard),
    };

    private static JsonObject FiringAnnotation() => new()
    {
        ["name"] = "Pages",
        ["enable"] = true,
        ["iconColor"] = "red",
        ["datasource"] = Source(),
        ["expr"] = "ALERTS{alertname!=\"Watchdog\", alertstate=\"firing\", severity=\"page\"}",
        ["titleFormat"] = "{{alertname}}",
    };

    private static JsonArray Variables(Dashboard dashboard)
    {
        var list = new JsonArray(new JsonObject
        {
            ["name"] = "datasource",
            ["label"] = "Data source",
            ["type"] = "datasource",
            ["query"] = "prometheus",
        });
        foreach (var (label, series) in dashboard.Variables)
        {
            var query = $"label_values({series}, {label})";
            list.Add(new JsonObject
            {
                ["name"] = label,
                ["type"] = "query",
                ["datasource"] = Source(),
                ["definition"] = query,
                ["query"] = new JsonObject { ["qryType"] = 1, ["query"] = query, ["refId"] = "values" },
                ["includeAll"] = true,
                ["multi"] = true,
                ["allValue"] = ".*",
                ["current"] = new JsonObject
                {
                    ["text"] = new JsonArray("All"),
                    ["value"] = new JsonArray("$__all"),
                },
                ["refresh"] = 2,
                ["sort"] = 1,
            });
        }
        return list;
    }

    private static JsonArray Panels(Dashboard dashboard)
    {
        var panels = new JsonArray();
        var y = 0;
        foreach (var (heading, row) in dashboard.Rows)
        {
            panels.Add(new JsonObject
            {
                ["id"] = panels.Count + 1,
                ["type"] = "row",
                ["title"] = heading,
                ["collapsed"] = false,
                ["gridPos"] = Grid(0, y++, Columns, 1),
                ["panels"] = new JsonArray(),
            });
            var (x, height) = (0, 0);
            foreach (var panel in row)
            {
                if (x + panel.Width > Columns)
                {
                    (x, y, height) = (0, y + height, 0);
                }
                panels.Add(Json(panel, panels.Count + 1, Grid(x, y, panel.Width, panel.Height)));
                x += panel.Width;
                height = Math.Max(height, panel.Height);
            }
            y += height;
        }
        return panels;
    }

    private static JsonObject Json(Panel panel, int id, JsonObject grid)
    {
        var isTable = panel.Kind == PanelKind.Table;
        var json = new JsonObject
        {
            ["id"] = id,
            ["type"] = panel.Kind switch
            {
                PanelKind.Lines => "timeseries",
                PanelKind.Number => "stat",
                _ => "table",
            },
            ["title"] = panel.Title,
            ["description"] = panel.Description,
            ["datasource"] = Source(),
            ["gridPos"] = grid,
            ["fieldConfig"] = new JsonObject { ["defaults"] = Defaults(panel), ["overrides"] = new JsonArray() },
            ["options"] = Options(panel.Kind),
            ["targets"] = new JsonArray([.. panel.Queries.Select((q, i) => (JsonNode)Target(q, i, panel.Kind))]),
        };
        if (isTable)
        {
            json["transformations"] = Joined(panel);
        }
        if (panel.Leads is { } uid)
        {
            json["links"] = new JsonArray(new JsonObject { ["title"] = "More of it", ["url"] = $"/d/{uid}" });
        }
        return json;
    }

    private static JsonObject Defaults(Panel panel)
    {
        var steps = new JsonArray(new JsonObject { ["color"] = "green", ["value"] = null });
        foreach (var (color, value) in new[] { ("orange", panel.TicketAt), ("red", panel.PageAt) })
        {
            if (value is { } from)
            {
                steps.Add(new JsonObject { ["color"] = color, ["value"] = from });
            }
        }
        var defaults = new JsonObject
        {
            ["unit"] = panel.Unit,
            ["noValue"] = "no data",
            ["thresholds"] = new JsonObject { ["mode"] = "absolute", ["steps"] = steps },
        };
        if (panel.Kind == PanelKind.Lines)
        {
            defaults["min"] = 0;
            defaults["custom"] = new JsonObject
            {
                ["lineWidth"] = 1,
                ["fillOpacity"] = 10,
                ["showPoints"] = "never",
                ["spanNulls"] = false,
                ["thresholdsStyle"] = new JsonObject { ["mode"] = steps.Count > 1 ? "dashed" : "off" },
            };
        }
        return defaults;
    }

    private static JsonObject Options(PanelKind kind) => kind switch
    {
        PanelKind.Lines => new JsonObject
        {
            ["legend"] = new JsonObject
            {
                ["displayMode"] = "table",
                ["placement"] = "bottom",
                ["calcs"] = new JsonArray("lastNotNull", "max"),
            },
            ["tooltip"] = new JsonObject { ["mode"] = "multi", ["sort"] = "desc" },
        },
        PanelKind.Number => new JsonObject
        {
            ["colorMode"] = "background",
            ["graphMode"] = "area",
            ["reduceOptions"] = new JsonObject { ["calcs"] = new JsonArray("lastNotNull") },
        },
        _ => new JsonObject { ["cellHeight"] = "sm", ["showHeader"] = true },
    };

    private static JsonObject Target(Query query, int index, PanelKind kind) => new()
    {
        ["refId"] = Letter(index),
        ["datasource"] = Source(),
        ["expr"] = query.Expression,
        ["legendFormat"] = kind == PanelKind.Table ? "" : query.Legend,
        ["format"] = kind == PanelKind.Table ? "table" : "time_series",
        ["instant"] = kind == PanelKind.Table,
        ["range"] = kind != PanelKind.Table,
    };

    /// <summary>The answers of a table's questions side by side, each under its heading.</summary>
    private static JsonArray Joined(Panel panel)
    {
        var names = new JsonObject();
        for (var i = 0; i < panel.Queries.Length; i++)
        {
            names[panel.Queries.Length == 1 ? "Value" : $"Value #{Letter(i)}"] = panel.Queries[i].Legend;
        }
        return new JsonArray(
            new JsonObject { ["id"] = "merge", ["options"] = new JsonObject() },
            new JsonObject
            {
                ["id"] = "organize",
                ["options"] = new JsonObject
                {
                    ["excludeByName"] = new JsonObject
                    {
                        ["Time"] = true,
                        ["__name__"] = true,
                        ["alertstate"] = true,
                    },
                    ["renameByName"] = names,
                },
            });
    }

    private static string Letter(int index) => $"{(char)('A' + index)}";

    private static JsonObject Grid(int x, int y, int w, int h) =>
        new() { ["x"] = x, ["y"] = y, ["w"] = w, ["h"] = h };

    private static JsonObject Source() => new() { ["type"] = "prometheus", ["uid"] = "${datasource}" };
}
