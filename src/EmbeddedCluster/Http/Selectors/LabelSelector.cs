using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Selectors;

/// <summary>A label selector of a query: <c>a=b,c!=d,e in (x,y),!f,g&gt;1</c>.</summary>
internal sealed partial class LabelSelector
{
    public static readonly LabelSelector Everything = new([]);

    private const string NameFault =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    private const string ValueFault =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private readonly Requirement[] _requirements;

    private LabelSelector(Requirement[] requirements) => _requirements = requirements;

    public bool IsEmpty => _requirements.Length == 0;

    public bool Matches(JsonObject json)
    {
        if (_requirements.Length == 0)
        {
            return true;
        }

        var labels = json["metadata"]?["labels"] as JsonObject;
        return _requirements.All(r => r.Matches(labels));
    }

    /// <exception cref="ApiException">400 in the API server's words.</exception>
    public static LabelSelector Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Everything;
        }

        var tokens = Tokens().Matches(text).Select(m => m.Value).ToList();
        var requirements = new List<Requirement>();
        for (var i = 0; i < tokens.Count;)
        {
            requirements.Add(Next(tokens, ref i));
            if (i == tokens.Count)
            {
                break;
            }

            if (tokens[i] != ",")
            {
                throw ApiErrors.BadRequest($"found '{tokens[i]}', expected: ',' or 'end of string'");
            }

            if (++i == tokens.Count)
            {
                throw ApiErrors.BadRequest("found '', expected: identifier after ','");
            }
        }

        return new LabelSelector([.. requirements]);
    }

    private static Requirement Next(List<string> tokens, ref int i)
    {
        var not = tokens[i] == "!";
        i += not ? 1 : 0;
        var key = i < tokens.Count ? tokens[i] : "";
        if (IsOperator(key))
        {
            throw Unable($"found '{key}', expected: !, identifier, or 'end of string'");
        }

        i++;
        CheckKey(key);
        if (not)
        {
            return new Requirement(key, "!", []);
        }

        if (i == tokens.Count || tokens[i] == ",")
        {
            return new Requirement(key, "exists", []);
        }

        var operation = tokens[i++];
        return operation switch
        {
            "in" or "notin" => new Requirement(key, operation, Set(tokens, ref i)),
            "=" or "==" or "!=" => new Requirement(key, operation, [Value(tokens, ref i)]),
            ">" or "<" => new Requirement(key, operation, [Number(key, Value(tokens, ref i))]),
            _ => throw Unable($"found '{operation}', expected: in, notin, =, ==, !=, gt, lt"),
        };
    }

    private static string Value(List<string> tokens, ref int i)
    {
        if (i == tokens.Count || tokens[i] == ",")
        {
            return "";
        }

        if (IsOperator(tokens[i]))
        {
            throw Unable($"found '{tokens[i]}', expected: identifier");
        }

        return Checked(tokens[i++]);
    }

    private static string Number(string key, string value) => long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
        ? value
        : throw Unable($"values[0][{key}]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer");

    private static string[] Set(List<string> tokens, ref int i)
    {
        var open = i < tokens.Count ? tokens[i] : "";
        if (open != "(")
        {
            throw Unable($"found '{open}' expected: '('");
        }

        var values = new List<string>();
        var expectValue = true;
        for (i++; i < tokens.Count && tokens[i] != ")"; i++)
        {
            if (tokens[i] == ",")
            {
                if (expectValue)
                {
                    values.Add("");
                }

                expectValue = true;
            }
            else
            {
                values.Add(Checked(tokens[i]));
                expectValue = false;
            }
        }

        if (i == tokens.Count)
        {
            throw Unable("found '', expected: ',' or ')'");
        }

        i++;
        return [.. values];
    }

    private static bool IsOperator(string token) => token is "" or "=" or "==" or "!=" or ">" or "<" or "(" or ")" or "," or "!";

    private static string Checked(string value) => value.Length <= 63 && LabelValue().IsMatch(value)
        ? value
        : throw Unable($"values[0]: Invalid value: \"{value}\": {(value.Length > 63 ? "must be no more than 63 bytes" : ValueFault)}");

    private static void CheckKey(string key)
    {
        var name = key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..];
        if (name.Length is 0 or > 63 || !LabelName().IsMatch(name))
        {
            throw Unable($"<nil>: Invalid value: \"{key}\": {(name.Length == 0 ? "name part must be non-empty" : name.Length > 63 ? "name part must be no more than 63 bytes" : NameFault)}");
        }
    }

    private static ApiException Unable(string fault) => ApiErrors.BadRequest($"unable to parse requirement: {fault}");

    [GeneratedRegex(@"==|!=|[=!<>(),]|[^\s=!<>(),]+", RegexOptions.CultureInvariant)]
    private static partial Regex Tokens();

    [GeneratedRegex(@"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z", RegexOptions.CultureInvariant)]
    private static partial Regex LabelName();

    [GeneratedRegex(@"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex LabelValue();

    private sealed record Requirement(string Key, string Operation, string[] Values)
    {
        public bool Matches(JsonObject? labels)
        {
            var value = (string?)labels?[Key];
            return Operation switch
            {
                "exists" => value is not null,
                "!" => value is null,
                "=" or "==" or "in" => value is not null && Values.Contains(value),
                "!=" or "notin" => value is null || !Values.Contains(value),
                _ => long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                    && (Operation == ">" ? number > Bound : number < Bound),
            };
        }

        private long Bound => long.Parse(Values[0], CultureInfo.InvariantCulture);
    }
}
