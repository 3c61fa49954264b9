using System.Text.Json;
using Runner.Engine.Capacity;

namespace Runner.Engine.Hub.Payloads;

/// <summary>A heartbeat of one cluster as the events that it goes out in, each of a size that the hub can take. Pure.</summary>
/// <param name="Bodies">The JSON of each: the cluster with some of its nodes, and every node in exactly one.</param>
/// <param name="Shortened">Nodes that are told without their processes, because with them they would be too much for an event by themselves.</param>
internal sealed record HeartbeatParts(IReadOnlyList<string> Bodies, IReadOnlyList<string> Shortened)
{
    /// <summary>
    /// Bytes of JSON that an event has at most. The hub puts each event into its queue as one message, and a NATS server takes none above 1 MiB (<c>MAX_PAYLOAD_SIZE</c>
    /// of nats-server) unless it is told to; so do proxies before it (<c>client_max_body_size</c> of nginx). What is left is for the hub's own words around it.
    /// </summary>
    public const int MostBytes = 900_000;

    /// <param name="most">What an event may have, see <see cref="MostBytes"/>.</param>
    public static HeartbeatParts Of(ClusterAnswer cluster, DateTimeOffset now, int most = MostBytes)
    {
        // Whatever is not ASCII is escaped in it: a character is a byte.
        var whole = ClusterPayloads.Beat(cluster, now);
        if (whole.Length <= most)
        {
            return new([whole], []);
        }

        var room = most - ClusterPayloads.Beat(cluster with { Resources = [] }, now).Length;
        var nodes = cluster.Resources.Select(node => BytesOf(node) > room ? node with { Processes = [] } : node).ToList();
        return new(
            [.. Pack(GroupsOf(nodes, room), room).Select(part => ClusterPayloads.Beat(cluster with { Resources = part.Nodes }, now))],
            [.. nodes.Except(cluster.Resources, ReferenceEqualityComparer.Instance).Cast<NodeAnswer>().Select(node => node.NodeName)]);
    }

    /// <summary>
    /// Nodes on which the same service or workflow runs, together as far as they fit into one event: the hub takes the nodes that one event names for all on which the
    /// service runs. Of one that runs on more it knows those of the last event.
    /// </summary>
    private static List<Group> GroupsOf(IEnumerable<NodeAnswer> nodes, int room)
    {
        var groups = new List<Group>();
        var known = new Dictionary<string, Group>(StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            var group = new Group(node, BytesOf(node));
            groups.Add(group);
            foreach (var name in node.Processes.SelectMany(process => new[] { process.ServiceName, process.WorkflowName }).Where(name => name.Length > 0))
            {
                if (known.TryGetValue(name, out var other))
                {
                    other.TryJoin(group, room);
                }
                else
                {
                    known[name] = group;
                }
            }
        }

        return groups.FindAll(group => group.IsWhole);
    }

    /// <summary>Each group into the first part that has room for it.</summary>
    private static List<Group> Pack(IEnumerable<Group> groups, int room)
    {
        var parts = new List<Group>();
        foreach (var group in groups)
        {
            if (!parts.Exists(part => part.TryJoin(group, room)))
            {
                parts.Add(group);
            }
        }

        return parts;
    }

    /// <summary>With the comma behind it.</summary>
    private static int BytesOf(NodeAnswer node) => JsonSerializer.SerializeToUtf8Bytes(node, ClusterJson.Default.NodeAnswer).Length + 1;

    /// <summary>Nodes that go out in one event.</summary>
    private sealed class Group(NodeAnswer node, int bytes)
    {
        private readonly List<NodeAnswer> _nodes = [node];
        private int _bytes = bytes;
        private Group? _into;

        public IReadOnlyList<NodeAnswer> Nodes => _nodes;

        /// <summary>False when its nodes have joined another group.</summary>
        public bool IsWhole => _into is null;

        /// <summary>Takes another group's nodes, unless both together are too much.</summary>
        /// <returns>Whether they are together now.</returns>
        public bool TryJoin(Group other, int room)
        {
            var (to, from) = (Whole(), other.Whole());
            if (to != from && to._bytes + from._bytes <= room)
            {
                to._nodes.AddRange(from._nodes);
                to._bytes += from._bytes;
                from._into = to;
            }

            return to == from || from._into == to;
        }

        private Group Whole() => _into is null ? this : _into = _into.Whole();
    }
}
