import './app.css';
import { Button } from '@cloudflare/kumo/components/button';
import { createRoot } from 'react-dom/client';

const place = document.getElementById('app');
if (place) createRoot(place).render(<Button>Hello</Button>);
