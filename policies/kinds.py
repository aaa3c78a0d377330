"""The resource types that controls know, by Pulumi's token, and the word a reader knows each by."""

from __future__ import annotations

from collections.abc import Mapping

DROPLET = "digitalocean:index/droplet:Droplet"
VPC = "digitalocean:index/vpc:Vpc"
BALANCER = "digitalocean:index/loadBalancer:LoadBalancer"
CLUSTER = "digitalocean:index/databaseCluster:DatabaseCluster"
REPLICA = "digitalocean:index/databaseReplica:DatabaseReplica"
TRUSTED = "digitalocean:index/databaseFirewall:DatabaseFirewall"
VOLUME = "digitalocean:index/volume:Volume"
BUCKET = "digitalocean:index/spacesBucket:SpacesBucket"
TAG = "digitalocean:index/tag:Tag"
FIREWALL = "digitalocean:index/firewall:Firewall"
RESERVED_IP = "digitalocean:index/reservedIp:ReservedIp"
RESERVED_IP_ASSIGNMENT = "digitalocean:index/reservedIpAssignment:ReservedIpAssignment"
DIGITALOCEAN_RECORD = "digitalocean:index/dnsRecord:DnsRecord"
APP = "digitalocean:index/app:App"
KUBERNETES = "digitalocean:index/kubernetesCluster:KubernetesCluster"
ZONE = "cloudflare:index/zone:Zone"
ZONE_SETTING = "cloudflare:index/zoneSetting:ZoneSetting"
HOSTNAME_TLS = "cloudflare:index/hostnameTlsSetting:HostnameTlsSetting"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
RULESET = "cloudflare:index/ruleset:Ruleset"
PAGE_RULE = "cloudflare:index/pageRule:PageRule"

KINDS: Mapping[str, str] = {
    DROPLET: "droplet",
    VPC: "VPC",
    BALANCER: "balancer",
    CLUSTER: "database",
    REPLICA: "replica",
    TRUSTED: "trusted sources",
    VOLUME: "volume",
    BUCKET: "bucket",
    FIREWALL: "firewall",
    RESERVED_IP: "reserved address",
    APP: "app",
    KUBERNETES: "Kubernetes cluster",
    ZONE: "zone",
    RECORD: "record",
    DIGITALOCEAN_RECORD: "record",
    RULESET: "ruleset",
    PAGE_RULE: "page rule",
}
