/** Every text that a user sees, in Vietnamese and English. The glossary decides the words. */

export const LANGUAGES = ['vi', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

interface Text {
  readonly vi: string;
  readonly en: string;
}

/** `{name}` in a text is filled from the arguments of `say`. */
export const WORDS = {
  product: { vi: 'LanProof', en: 'LanProof' },
  tagline: { vi: 'Theo dõi mạng nội bộ', en: 'Local network health' },
  demo: { vi: 'DEMO · số liệu mô phỏng', en: 'DEMO · simulated data' },
  overview: { vi: 'Tổng quan', en: 'Overview' },
  sites: { vi: 'Trụ sở', en: 'Sites' },
  site_search: { vi: 'Tìm trụ sở', en: 'Find a site' },
  device: { vi: 'Thiết bị', en: 'Device' },
  devices: { vi: 'Thiết bị', en: 'Devices' },
  state: { vi: 'Trạng thái', en: 'State' },
  since: { vi: 'Đã được', en: 'For' },
  last_reply: { vi: 'Trả lời lần cuối', en: 'Last reply' },
  last_hour: { vi: '60 phút qua', en: 'Last 60 minutes' },
  minutes_ago_60: { vi: '60 phút trước', en: '60 minutes ago' },
  now: { vi: 'bây giờ', en: 'now' },
  agent: { vi: 'Máy đo', en: 'Agent' },
  agents: { vi: 'Máy đo', en: 'Agents' },
  agent_none: { vi: 'Chưa kết nối máy đo', en: 'No agent connected yet' },
  agent_last_seen: { vi: 'số liệu đến {time}', en: 'data up to {time}' },
  agent_silent: {
    vi: 'Máy đo chưa gửi số liệu mới: các trạng thái bên dưới là không có số liệu.',
    en: 'The agent has sent nothing new: the states below are unknown.',
  },
  live: { vi: 'Trực tiếp', en: 'Live' },
  live_lost: { vi: 'Mất kết nối tới máy chủ, đang thử lại', en: 'Connection lost, trying again' },
  language: { vi: 'Ngôn ngữ', en: 'Language' },
  theme: { vi: 'Sáng hoặc tối', en: 'Light or dark' },
  sign_out: { vi: 'Đăng xuất', en: 'Sign out' },
  sign_in: { vi: 'Đăng nhập', en: 'Sign in' },
  sign_in_hint: {
    vi: 'Mở đường dẫn đăng nhập mà máy chủ in ra khi khởi động, hoặc dán mã truy cập vào đây.',
    en: 'Open the sign-in link that the collector printed when it started, or paste an access token.',
  },
  link_invalid: {
    vi: 'Đường dẫn đăng nhập này đã được dùng hoặc đã hết hạn. Hãy đăng nhập bằng mã truy cập, hoặc tạo mã mới trên máy chủ bằng lệnh dưới đây.',
    en: 'This sign-in link was used already or has expired. Sign in with an access token, or make a new one on the collector with the command below.',
  },
  sign_in_token: { vi: 'Mã truy cập', en: 'Access token' },
  sign_in_wrong: { vi: 'Mã không đúng hoặc đã hết hạn.', en: 'The token is wrong or has expired.' },
  loading: { vi: 'Đang tải…', en: 'Loading…' },
  retry: { vi: 'Thử lại', en: 'Try again' },
  load_failed: { vi: 'Không tải được số liệu.', en: 'The data could not be loaded.' },
  request_number: { vi: 'Mã yêu cầu', en: 'Request' },
  not_found: { vi: 'Không có trang này.', en: 'There is no such page.' },
  no_sites: { vi: 'Chưa có trụ sở nào.', en: 'No site yet.' },
  no_sites_hint: {
    vi: 'Khai báo trụ sở đầu tiên bằng lệnh dưới đây trên máy chủ.',
    en: 'Add the first site with the command below on the collector.',
  },
  no_match: { vi: 'Không có trụ sở nào khớp.', en: 'No site matches.' },
  no_devices: { vi: 'Trụ sở này chưa khai báo thiết bị.', en: 'This site has no devices yet.' },
  pcs_counted: {
    vi: 'Máy tính chỉ hiện theo số lượng với quyền xem.',
    en: 'Viewers see PCs as counts only.',
  },
  strip_label: {
    vi: '{name}, 60 phút qua: {parts}',
    en: '{name}, last 60 minutes: {parts}',
  },
  strip_part: { vi: '{state} {n} phút', en: '{state} {n} min' },
  legend: { vi: 'Chú giải', en: 'Legend' },
  everything_up: { vi: 'Không có sự cố', en: 'Nothing is down' },
  rules_note: {
    vi: 'Quy tắc tính: phiên bản {rules}. Thời gian không có số liệu không tính là hoạt động hay mất kết nối.',
    en: 'Rules: version {rules}. Time without data is neither up nor down.',
  },
  state_up: { vi: 'Hoạt động', en: 'Up' },
  state_degraded: { vi: 'Chất lượng kém', en: 'Degraded' },
  state_down: { vi: 'Mất kết nối', en: 'Down' },
  state_unreachable: { vi: 'Mất theo thiết bị phía trên', en: 'Unreachable' },
  state_unreachable_by: { vi: 'Mất theo {root}', en: 'Unreachable behind {root}' },
  state_off: { vi: 'Đã tắt máy', en: 'Off' },
  state_unknown: { vi: 'Không có số liệu', en: 'No data' },
  state_maintenance: { vi: 'Bảo trì', en: 'Maintenance' },
  state_not_measured: { vi: 'Không đo trực tiếp', en: 'Not measured itself' },
  state_pending: { vi: 'Chưa đo lần nào', en: 'Never measured' },
  reason_agent_off: { vi: 'máy đo tắt', en: 'agent was off' },
  reason_dropped: { vi: 'máy đo đã phải bỏ số liệu', en: 'dropped by the agent' },
  reason_not_received: { vi: 'chưa nhận được', en: 'not received' },
  reason_agent_link_down: { vi: 'máy đo mất dây mạng', en: 'agent link down' },
  reason_not_sent: { vi: 'không đo được', en: 'not sent' },
  reason_vantage_isolated: { vi: 'mất tại vị trí đặt máy đo', en: 'vantage isolated' },
  reason_clock_pending: { vi: 'chờ đồng hồ máy đo', en: 'clock pending' },
  reason_clock_invalid: { vi: 'đồng hồ máy đo sai', en: 'clock invalid' },
  reason_conflict: { vi: 'số liệu mâu thuẫn', en: 'conflict' },
  reason_unreadable: { vi: 'không đọc được', en: 'unreadable' },
  reason_withheld: { vi: 'không được cung cấp', en: 'withheld' },
  reason_short_run: { vi: 'chưa đủ để kết luận', en: 'too short to judge' },
  reason_never_answered: { vi: 'chưa trả lời lần nào', en: 'never answered' },
  because: { vi: 'do {cause}', en: '{cause}' },
  cause_maintenance: { vi: 'bảo trì', en: 'maintenance' },
  cause_power: { vi: 'mất điện', en: 'power cut' },
  cause_lan_loop: { vi: 'vòng lặp mạng', en: 'network loop' },
  cause_lan_addressing: { vi: 'trùng địa chỉ', en: 'address conflict' },
  cause_lan_switch: { vi: 'switch ngừng hoạt động', en: 'switch failure' },
  cause_lan_link: { vi: 'lỗi dây hoặc cổng mạng', en: 'bad cable or port' },
  cause_lan_duplex: { vi: 'sai chế độ song công', en: 'duplex mismatch' },
  cause_gateway: { vi: 'bộ định tuyến ngừng hoạt động', en: 'gateway failure' },
  cause_lan_whole: { vi: 'mất toàn mạng nội bộ', en: 'whole LAN lost' },
  cause_device: { vi: 'chính thiết bị', en: 'the device itself' },
  cause_wan: { vi: 'đứt đường truyền WAN', en: 'WAN lost' },
  cause_dns: { vi: 'lỗi phân giải tên miền DNS', en: 'name service DNS' },
  cause_upstream_app: { vi: 'lỗi ứng dụng bên ngoài', en: 'outside application' },
  cause_agent: { vi: 'máy đo dừng hoặc mất mạng', en: 'agent stopped or cut off' },
  cause_undetermined: { vi: 'chưa xác định được nguyên nhân', en: 'cause not determined' },
  confidence_measured: { vi: 'đo được', en: 'measured' },
  confidence_inferred: { vi: 'suy ra', en: 'inferred' },
  confidence_declared: { vi: 'khai báo', en: 'declared' },
  incidents: { vi: 'Sự cố', en: 'Incidents' },
  incidents_none: { vi: 'Không có sự cố nào đang diễn ra.', en: 'No incident is going on.' },
  incident_outage: { vi: 'Mất kết nối', en: 'Outage' },
  incident_degraded: { vi: 'Chất lượng kém', en: 'Degraded' },
  incident_flapping: { vi: 'Chập chờn', en: 'Flapping' },
  incident_open: { vi: 'từ {time}, đã {age}', en: 'since {time}, for {age}' },
  incident_settling: {
    vi: 'đã hết, kéo dài {age} từ {time}; nguyên nhân còn có thể thay đổi',
    en: 'over, lasted {age} from {time}; the cause may still change',
  },
  incident_hit: { vi: '{n} thiết bị mất theo', en: '{n} behind it unreachable' },
  incident_computers: { vi: '{n} máy tính', en: '{n} PCs' },
  and_more: { vi: 'và {n} thiết bị khác', en: 'and {n} more' },
  kind_gateway: { vi: 'Bộ định tuyến', en: 'Gateway' },
  kind_switch: { vi: 'Switch', en: 'Switch' },
  kind_unmanaged_switch: { vi: 'Switch không quản trị', en: 'Unmanaged switch' },
  kind_pc: { vi: 'Máy tính', en: 'PC' },
  kind_printer: { vi: 'Máy in', en: 'Printer' },
  kind_access_point: { vi: 'Bộ phát Wi-Fi', en: 'Access point' },
  kind_camera: { vi: 'Camera', en: 'Camera' },
  kind_recorder: { vi: 'Đầu ghi', en: 'Recorder' },
  kind_server: { vi: 'Máy chủ', en: 'Server' },
  kind_ups: { vi: 'Bộ lưu điện (UPS)', en: 'UPS' },
  kind_kiosk: { vi: 'Ki-ốt tra cứu', en: 'Kiosk' },
  kind_upstream: { vi: 'Đường lên', en: 'Uplink' },
  age_seconds: { vi: '{n} giây', en: '{n} s' },
  age_minutes: { vi: '{n} phút', en: '{n} min' },
  age_hours: { vi: '{n} giờ', en: '{n} h' },
  age_days: { vi: '{n} ngày', en: '{n} d' },
  ago: { vi: '{age} trước', en: '{age} ago' },
} as const satisfies Record<string, Text>;

export type Word = keyof typeof WORDS;

/** The text in a language, `{name}` filled in. A name without a value stays visible as it is. */
export function say(
  language: Language,
  word: Word,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return WORDS[word][language].replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}

export function isWord(text: string): text is Word {
  return text in WORDS;
}
